// One run of the program on its way through a script: it opens gated stores, and is met at their gates by
// what the script has in mind for it.
#pragma once
#include <functional>
#include <map>

#include "engine/engine.hpp"
#include "simulate/gated_store.hpp"
#include "simulate/script.hpp"
#include "simulate/side_file.hpp"

namespace tideway::simulate {

// What a run needs of the world around it.
struct Surroundings {
    const Config& config;
    VirtualTime& time;
    World& machine;  // that it runs on
    SideFile& desktop;
    SideFile& cloud;
    Sabotage sabotage;
    std::function<void(const Script&)> live;  // plays what others do meanwhile
    std::function<void(Side)> take_down;      // what the run has just written
    Relations& desktop_tables;
    Relations& cloud_tables;
};

class Runner : public Connector, public Gate {
  public:
    Runner(Surroundings& around, const RunWork& work) : around_(around), work_(work) {}

    // How it ended: "ok", "attention", ..., "killed", or the code and text of an error. A defect is told by
    // is_defect().
    std::string run();
    bool is_defect() const { return defect_; }
    bool is_fine() const { return fine_; }
    int interruptions() const { return interruptions_; }

    std::unique_ptr<Store> open(Side side, WaitHook& hook) override;
    void before(GatedStore& store, std::string_view call) override;
    void after(GatedStore& store, std::string_view call) override;
    bool lives(const GatedStore& store) const override;

  private:
    struct Killed {};  // no std::exception: nobody inside handles it
    void meet(GatedStore& store, const std::string& call, bool after);
    void end_there(GatedStore& store, const Interruption& interruption);
    [[noreturn]] void lose(GatedStore& store, bool in_doubt);

    Surroundings& around_;
    const RunWork& work_;
    std::map<const GatedStore*, int> connected_;  // with the generation of the file; lost ones are not in it
    std::map<std::pair<Side, std::string>, int> calls_;
    bool alive_ = true, defect_ = false, fine_ = false;
    int interruptions_ = 0;
};

}  // namespace tideway::simulate
