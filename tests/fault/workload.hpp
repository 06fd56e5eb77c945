// What the users of the office do before and after its first sync.
#pragma once
#include "fault/ledger.hpp"

namespace tideway::test {

// 8 customers, 22 jobs, 36 tasks: most were created by the desktop (D), the last ones of each by phones (M).
inline void first_rows(Ledger& users) {
    for (int i = 1; i <= 8; ++i) users.insert(i <= 6 ? At::desktop : At::cloud, i, 0);
    for (int i = 1; i <= 22; ++i)
        i <= 16 ? users.insert(At::desktop, 100 + i, 1 + i % 6) : users.insert(At::cloud, 100 + i, 7 + i % 2);
    for (int i = 1; i <= 36; ++i)
        i <= 24 ? users.insert(At::desktop, 1000 + i, 101 + (i - 1) % 16)
                : users.insert(At::cloud, 1000 + i, 117 + (i - 25) % 6);
}

// Rows that both sides had before they knew of each other: equal ones, and different ones.
inline void rows_of_both(Ledger& users) {
    users.insert(At::desktop, 50, 0, 2, "the same customer");
    users.insert(At::cloud, 50, 0, 2, "the same customer");
    users.insert(At::desktop, 51, 0, 3);
    users.insert(At::cloud, 51, 0, 2);
    users.insert(At::desktop, 151, 51, 2);
    users.insert(At::cloud, 151, 51, 3);
}

// After the first sync, some fifty keys: new rows, edits, deletes, and what happens when both sides do
// something to one row. The rules of the decision table that each is about are named.
inline void mixed_edits(Ledger& users) {
    const At desktop = At::desktop, cloud = At::cloud;
    users.insert(desktop, 9, 0, 10);  // R1, parents and children
    users.insert(desktop, 123, 9, 10);
    users.insert(desktop, 125, 7, 10);
    for (const int id : {1037, 1038}) users.insert(desktop, id, 123, 10);
    users.insert(cloud, 10, 0, 10);  // R2
    users.insert(cloud, 124, 10, 10);
    for (const int id : {1039, 1040}) users.insert(cloud, id, 124, 10);
    users.insert(cloud, 1041, 101, 10);
    for (const int id : {1, 101, 102, 103, 1001, 1002, 1003, 1004}) users.update(desktop, id, 10);  // R7
    for (const int id : {2, 7, 104, 105, 106, 1005, 1006, 1007, 1008, 1025})
        users.update(cloud, id, 10);                                                   // R9
    for (const int id : {1009, 1010, 1011, 109, 110, 111}) users.remove(desktop, id);  // R13
    for (const int id : {1030, 1036, 122, 1026}) users.remove(cloud, id);              // R15
    users.update(desktop, 1031, 10);                                                   // R8: held
    users.remove(desktop, 1032);                                                       // R14: held
    users.remove(cloud, 1012);                                                         // R16: held
    users.update(desktop, 3, 10);                                                      // R11, the cloud later
    users.update(cloud, 3, 11);
    users.update(desktop, 107, 12);  // R11, the desktop later
    users.update(cloud, 107, 11);
    users.update(desktop, 1013, 12, "both wrote this");  // R10
    users.update(cloud, 1013, 12, "both wrote this");
    users.update(desktop, 1033, 12);  // R12
    users.update(cloud, 1033, 11);
    users.remove(desktop, 1014);  // R17
    users.update(cloud, 1014, 11);
    users.update(desktop, 1015, 11);  // R18
    users.remove(cloud, 1015);
    users.remove(desktop, 1016);  // R20
    users.remove(cloud, 1016);
    users.update(desktop, 1017, 11);  // twice before anybody looks
    users.update(desktop, 1017, 12);
}

// More tasks than one batch takes: 6,600 from the desktop before the first sync.
inline void many_rows(Ledger& users) {
    for (int i = 2'000; i < 8'600; ++i) users.insert(At::desktop, i, 101);
}

// 6,700 changed keys of one table, in all directions.
inline void many_edits(Ledger& users) {
    for (int i = 2'000; i < 7'600; ++i) users.update(At::desktop, i, 10);
    for (int i = 7'500; i < 8'200; ++i) users.update(At::cloud, i, 11);
    for (int i = 8'200; i < 8'400; ++i) users.remove(At::desktop, i);
    for (int i = 8'600; i < 8'900; ++i) users.insert(At::desktop, i, 102, 10);
}

}  // namespace tideway::test
