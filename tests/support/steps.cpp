// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/steps.h"

#include "sandbox/files.h"

#include <csignal>
#include <cstdlib>
#include <linux/bpf.h>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace xdpbridge::test {

namespace {

using Names = std::map<unsigned long long, const char*>;
#define NAMED(constant)                                                                            \
    { constant, #constant }

// Calls by which xdp-bridge changes the kernel. The others only read, or die with the process.
const Names changes = {NAMED(SYS_mkdir),  NAMED(SYS_mkdirat),  NAMED(SYS_rename),
                       NAMED(SYS_unlink), NAMED(SYS_unlinkat), NAMED(SYS_rmdir),
                       NAMED(SYS_sendto), NAMED(SYS_sendmsg)};
const Names bpf_changes = {NAMED(BPF_MAP_CREATE),
                           NAMED(BPF_MAP_UPDATE_ELEM),
                           NAMED(BPF_MAP_DELETE_ELEM),
                           NAMED(BPF_MAP_UPDATE_BATCH),
                           NAMED(BPF_MAP_LOOKUP_AND_DELETE_ELEM),
                           NAMED(BPF_PROG_LOAD),
                           NAMED(BPF_OBJ_PIN),
                           NAMED(BPF_LINK_CREATE),
                           NAMED(BPF_LINK_UPDATE),
                           NAMED(BPF_LINK_DETACH),
                           NAMED(BPF_RAW_TRACEPOINT_OPEN)};
const Names starts = {NAMED(SYS_execve), NAMED(SYS_execveat), NAMED(SYS_fork),
                      NAMED(SYS_vfork),  NAMED(SYS_clone),    NAMED(SYS_clone3)};

#undef NAMED

const char* find(const Names& names, unsigned long long number) {
    const auto found = names.find(number);
    return found == names.end() ? nullptr : found->second;
}

// The name of a step, nullptr for any other call.
const char* step_of(const user_regs_struct& call) {
    return call.orig_rax == SYS_bpf ? find(bpf_changes, call.rdi) : find(changes, call.orig_rax);
}

// A program that stops at each system call, before and after it; killed by the destructor.
class Traced {
  public:
    explicit Traced(const sandbox::Argv& argv)
        : out_(sandbox::memory_file("stdout")), err_(sandbox::memory_file("stderr")) {
        std::vector<char*> words;
        for (const auto& word : argv)
            words.push_back(const_cast<char*>(word.c_str()));
        words.push_back(nullptr);
        // LeakSanitizer does not work under ptrace.
        std::string no_leak_check = "ASAN_OPTIONS=detect_leaks=0";
        std::vector<char*> environment = {no_leak_check.data()};
        for (char** entry = environ; *entry != nullptr; entry++)
            environment.push_back(*entry);
        environment.push_back(nullptr);

        pid_ = ::fork();
        if (pid_ < 0)
            throw sandbox::system_error("fork");
        if (pid_ == 0) { // after a fork of a program with threads only calls like these are safe
            ::dup2(out_.get(), 1);
            ::dup2(err_.get(), 2);
            ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
            ::execve(words[0], words.data(), environment.data());
            ::_exit(127);
        }
        ::waitpid(pid_, &status_, 0); // it stops once it is the new program
        ::ptrace(PTRACE_SETOPTIONS, pid_, nullptr, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
    }
    ~Traced() { kill(); }
    Traced(const Traced&) = delete;
    Traced& operator=(const Traced&) = delete;

    // Lets it run to the beginning, or the end, of a system call; nullopt: it has ended.
    std::optional<user_regs_struct> next_stop() {
        while (!ended()) {
            const int signal = WSTOPSIG(status_);
            const bool its_own = signal != SIGTRAP && signal != syscall_stop;
            ::ptrace(PTRACE_SYSCALL, pid_, nullptr, its_own ? static_cast<long>(signal) : 0L);
            ::waitpid(pid_, &status_, 0);
            if (ended() || WSTOPSIG(status_) != syscall_stop)
                continue;
            user_regs_struct registers{};
            ::ptrace(PTRACE_GETREGS, pid_, nullptr, &registers);
            if (const int error = std::exchange(answer_, 0); error != 0) {
                registers.rax = static_cast<unsigned long long>(-error);
                ::ptrace(PTRACE_SETREGS, pid_, nullptr, &registers);
            }
            return registers;
        }
        return std::nullopt;
    }
    // At the beginning of a call: the kernel does nothing, and answers with this errno.
    void fail(user_regs_struct call, int error) {
        call.orig_rax = ~0ULL; // no such call
        ::ptrace(PTRACE_SETREGS, pid_, nullptr, &call);
        answer_ = error;
    }
    void kill() {
        if (ended())
            return;
        ::kill(pid_, SIGKILL);
        while (!ended())
            ::waitpid(pid_, &status_, 0);
    }
    [[nodiscard]] int exit_code() const {
        return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
    }
    [[nodiscard]] std::string out() const { return text(out_); }
    [[nodiscard]] std::string err() const { return text(err_); }

  private:
    static constexpr int syscall_stop = SIGTRAP | 0x80; // PTRACE_O_TRACESYSGOOD

    [[nodiscard]] bool ended() const { return WIFEXITED(status_) || WIFSIGNALED(status_); }
    static std::string text(const sandbox::Fd& file) {
        return sandbox::read_file("/proc/self/fd/" + std::to_string(file.get()));
    }

    sandbox::Fd out_, err_;
    pid_t pid_ = -1;
    int status_ = 0;
    int answer_ = 0; // the errno that the call which has begun is to end with
};

// Is told each call of the program before the kernel does it.
using Look = std::function<void(Traced&, const user_regs_struct&)>;

Ending run(const sandbox::Argv& argv, const Look& look) {
    Traced program(argv);
    bool begins = true;
    while (const auto call = program.next_stop()) {
        if (begins)
            look(program, *call);
        begins = !begins;
    }
    Ending ending;
    ending.exit_code = program.exit_code();
    ending.out = program.out();
    ending.err = program.err();
    return ending;
}

// Does something to the program at its step'th change.
Ending at_step(int step, const sandbox::Argv& argv, const Look& act) {
    int steps = 0;
    std::string name;
    Ending ending = run(argv, [&](Traced& program, const user_regs_struct& call) {
        const char* known = step_of(call);
        if (known == nullptr || steps++ != step)
            return;
        name = known;
        act(program, call);
    });
    ending.reached = !name.empty();
    ending.step = name;
    return ending;
}

} // namespace

Ending kill_at(int step, const sandbox::Argv& argv) {
    return at_step(step, argv, [](Traced& program, const user_regs_struct&) { program.kill(); });
}

Ending fail_at(int step, int error, const sandbox::Argv& argv) {
    return at_step(step, argv, [error](Traced& program, const user_regs_struct& call) {
        program.fail(call, error);
    });
}

Watched watch(const sandbox::Argv& argv) {
    Watched watched;
    watched.ending = run(argv, [&](Traced&, const user_regs_struct& call) {
        if (const char* step = step_of(call))
            watched.steps.emplace_back(step);
        if (const char* start = find(starts, call.orig_rax))
            watched.started.emplace_back(start);
    });
    return watched;
}

void for_each_step(int stride, const std::function<bool(int)>& try_step) {
    if (std::getenv("XDPB_ALL_STEPS") != nullptr)
        stride = 1;
    std::random_device device;
    int step = std::uniform_int_distribution<int>(0, stride - 1)(device);
    while (try_step(step))
        step += stride;
}

} // namespace xdpbridge::test
