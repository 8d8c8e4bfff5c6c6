#include "sandbox/process.h"

#include "sandbox/files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace xdpbridge::sandbox {
namespace {

// Standard input and output are files in memory: there is no pipe that can fill up while nobody
// reads it.
std::string contents(const Fd& file) {
    std::string text;
    char block[16384];
    while (true) {
        ssize_t n = pread(file.get(), block, sizeof block, static_cast<off_t>(text.size()));
        if (n < 0)
            throw system_error("read the output of a process");
        if (n == 0)
            return text;
        text.append(block, static_cast<size_t>(n));
    }
}

std::vector<std::string> environment(const std::map<std::string, std::string>& additions) {
    std::map<std::string, std::string> all;
    for (char** entry = environ; *entry; entry++) {
        std::string text = *entry;
        size_t equals = text.find('=');
        if (equals != std::string::npos)
            all[text.substr(0, equals)] = text.substr(equals + 1);
    }
    for (const auto& [name, value] : additions)
        all[name] = value;

    std::vector<std::string> lines;
    for (const auto& [name, value] : all)
        lines.push_back(fmt::format("{}={}", name, value));
    return lines;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (std::string& s : strings)
        result.push_back(s.data());
    result.push_back(nullptr);
    return result;
}

// What a child tells its parent if it does not get as far as exec.
struct Failure {
    int error;
    const char* step; // a literal: at the same address in parent and child
};

// What the child needs, made before the fork: after it, in a program with threads, not even malloc
// may be called.
struct Plan {
    std::vector<char*> argv, envp;
    int in, out, err, netns, failure;
    std::optional<uid_t> uid;
    std::optional<gid_t> gid;
    pid_t parent;
};

const char* prepare_child(const Plan& plan) {
    if (dup2(plan.in, 0) < 0 || dup2(plan.out, 1) < 0 || dup2(plan.err, 2) < 0)
        return "redirect its input and output";
    if (plan.netns >= 0 && setns(plan.netns, CLONE_NEWNET) != 0)
        return "enter its network namespace";
    if ((plan.uid || plan.gid) && setgroups(0, nullptr) != 0)
        return "drop its groups";
    if (plan.gid && setgid(*plan.gid) != 0)
        return "change its group";
    if (plan.uid && setuid(*plan.uid) != 0)
        return "change its user";

    // After setuid, which clears it. The parent may be gone already: then nobody is left to send
    // the signal.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != plan.parent)
        return "tie its life to ours";

    // A caller's own treatment of signals is not meant for the child.
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    std::signal(SIGPIPE, SIG_DFL);

    execvpe(plan.argv[0], plan.argv.data(), plan.envp.data());
    return "execute it";
}

} // namespace

std::string command_line(const Argv& argv) {
    return fmt::format("{}", fmt::join(argv, " "));
}

Process::Process(const Argv& argv, const RunOptions& options)
    : out_(memory_file("stdout")), err_(memory_file("stderr")) {
    if (argv.empty())
        throw std::invalid_argument("no program to start");

    Fd in = memory_file("stdin", options.input);
    Fd netns = options.netns.empty() ? Fd() : open_netns(options.netns);
    Argv arguments = argv;
    std::vector<std::string> env = environment(options.env);

    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        throw system_error("create a pipe");
    Fd failure_in(ends[0], "pipe"), failure_out(ends[1], "pipe");

    Plan plan{.argv = pointers(arguments),
              .envp = pointers(env),
              .in = in.get(),
              .out = out_.get(),
              .err = err_.get(),
              .netns = netns.get(),
              .failure = failure_out.get(),
              .uid = options.uid,
              .gid = options.gid,
              .parent = getpid()};

    pid_ = fork();
    if (pid_ < 0)
        throw system_error(fmt::format("start {}", command_line(argv)));
    if (pid_ == 0) {
        const char* step = prepare_child(plan);
        Failure failure{errno, step};
        ssize_t ignored = write(plan.failure, &failure, sizeof failure);
        _exit(ignored == sizeof failure ? 127 : 126);
    }

    // exec closes the other end of this pipe: nothing to read means that the program runs.
    failure_out = Fd();
    Failure failure{};
    if (read(failure_in.get(), &failure, sizeof failure) == sizeof failure) {
        waitpid(pid_, nullptr, 0);
        throw std::system_error(
            failure.error, std::generic_category(),
            fmt::format("start '{}': cannot {}", command_line(argv), failure.step));
    }
    // Not by pidfd_open(), which the header of glibc 2.36 declares without extern "C".
    pidfd_ = Fd(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)),
                fmt::format("watch process {}", pid_));
}

Process::~Process() {
    if (pid_ > 0)
        kill_and_wait();
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)),
      exit_code_(other.exit_code_) {}

Process& Process::operator=(Process&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(pidfd_, other.pidfd_);
    std::swap(out_, other.out_);
    std::swap(err_, other.err_);
    std::swap(exit_code_, other.exit_code_);
    return *this;
}

std::optional<int> Process::wait(std::chrono::milliseconds timeout) {
    if (exit_code_)
        return exit_code_;
    if (!readable(pidfd_.get(), timeout)) // a pidfd is readable when the process has ended
        return {};
    int status = 0;
    waitpid(pid_, &status, 0);
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return exit_code_;
}

void Process::signal(int number) {
    if (!exit_code_)
        ::kill(pid_, number);
}

int Process::kill_and_wait() {
    signal(SIGKILL);
    return *wait(std::chrono::hours(1));
}

std::string Process::out() const {
    return contents(out_);
}

std::string Process::err() const {
    return contents(err_);
}

Result run(const Argv& argv, const RunOptions& options) {
    Process process(argv, options);
    std::optional<int> exit_code = process.wait(options.timeout);
    if (!exit_code) {
        process.kill_and_wait();
        throw std::runtime_error(fmt::format("'{}' did not end within {} ms and was killed\n{}{}",
                                             command_line(argv), options.timeout.count(),
                                             process.out(), process.err()));
    }
    return {*exit_code, process.out(), process.err()};
}

Result check(const Argv& argv, const RunOptions& options) {
    Result result = run(argv, options);
    if (result.exit_code != 0) {
        std::string message = result.err.empty() ? result.out : result.err;
        message.resize(message.find_last_not_of('\n') + 1);
        throw std::runtime_error(fmt::format("'{}' failed with exit code {}: {}",
                                             command_line(argv), result.exit_code, message));
    }
    return result;
}

} // namespace xdpbridge::sandbox
