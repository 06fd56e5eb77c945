// What users do, as SQL. Each statement is whole in itself: whatever happened before, it does what it can.
#pragma once
#include <utility>

#include "simulate/script.hpp"
#include "simulate/setting.hpp"

namespace tideway::simulate {

class UserStatements {
  public:
    UserStatements(Dice& dice, const Setting& setting) : dice_(dice), setting_(setting) {}

    // One to four statements.
    UserWork new_rows(Side side);
    UserWork transaction(Side side);
    // Of the row that was written last.
    UserWork delete_newest(Side side);
    // As a person does who enters the same correction twice.
    std::pair<UserWork, UserWork> same_edit();
    // An edit, and the transaction that takes it back.
    std::pair<UserWork, UserWork> edit_and_undo(Side side);

  private:
    UserWork begin(Side side) { return {++number_, side, {}, {}, true, 0}; }
    void add(UserWork& work);
    void add_insert(UserWork& work);
    void add_update(UserWork& work);
    void add_delete(UserWork& work);
    void add_family(UserWork& work);
    void add_family_delete(UserWork& work);
    void add_key_change(UserWork& work);
    void add_bulk(UserWork& work);
    void add_badge_swap(UserWork& work);
    void add_remark(UserWork& work);
    void add_idle_update(UserWork& work);

    std::string fresh(UserWork& work);
    std::string stamp();
    std::string new_row(UserWork& work);  // the common columns
    std::string note();
    std::string mark(Side side);
    int id() { return 1 + dice_.below(4); }
    std::string keyed_table();
    std::string key_condition(const std::string& table);
    std::string unused(const std::string& table) const;
    static std::string login_name(int number);

    Dice& dice_;
    const Setting& setting_;
    int number_ = 0;
};

}  // namespace tideway::simulate
