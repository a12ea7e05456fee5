#include "sandbox/local/seccomp_profile.h"

#include <sys/socket.h>

#include <cerrno>
#include <sstream>
#include <string>

#include <boost/json.hpp>

namespace sandbox::local {
namespace {

namespace json = boost::json;

constexpr const char* kFiles =
    "access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 "
    "epoll_ctl "
    "epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 faccessat faccessat2 fadvise64 "
    "fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock "
    "fremovexattr fsetxattr fstat fstatfs fsync ftruncate futimesat getcwd getdents getdents64 getxattr "
    "inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents "
    "io_setup io_submit ioctl lchown lgetxattr link linkat listxattr llistxattr lremovexattr lseek lsetxattr lstat "
    "mkdir mkdirat mknod mknodat newfstatat open openat openat2 pipe pipe2 poll ppoll pread64 preadv preadv2 pselect6 "
    "pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv removexattr rename renameat renameat2 rmdir "
    "select sendfile setxattr signalfd signalfd4 splice stat statfs statx symlink symlinkat sync sync_file_range "
    "syncfs tee truncate umask unlink unlinkat utime utimensat utimes vmsplice write writev";

constexpr const char* kMemory =
    "brk get_mempolicy madvise memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mprotect mremap mseal "
    "msync "
    "munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect process_madvise process_mrelease "
    "remap_file_pages";

constexpr const char* kProcesses =
    "arch_prctl capget capset execve execveat exit exit_group fork futex futex_requeue futex_wait futex_waitv "
    "futex_wake get_robust_list get_thread_area getcpu getegid geteuid getgid getgroups getpgid getpgrp getpid "
    "getppid getpriority getresgid getresuid getrlimit getrusage getsid gettid getuid ioprio_get ioprio_set "
    "kill landlock_add_rule landlock_create_ruleset landlock_restrict_self map_shadow_stack membarrier nanosleep "
    "pause pidfd_open pidfd_send_signal prctl prlimit64 restart_syscall rseq rt_sigaction rt_sigpending "
    "rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo "
    "sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam "
    "sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam sched_setscheduler "
    "sched_yield seccomp set_robust_list set_thread_area set_tid_address setfsgid setfsuid setgid setgroups setpgid "
    "setpriority setregid setresgid setresuid setreuid setrlimit setsid setuid sigaltstack sysinfo tgkill time times "
    "tkill uname ustat vfork wait4 waitid";

constexpr const char* kClocks =
    "alarm clock_getres clock_gettime clock_nanosleep getitimer gettimeofday setitimer timer_create timer_delete "
    "timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime";

constexpr const char* kMessages =
    "accept accept4 bind connect getpeername getrandom getsockname getsockopt listen mq_getsetattr mq_notify mq_open "
    "mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd recvfrom recvmmsg recvmsg semctl semget semop "
    "semtimedop sendmmsg sendmsg sendto setsockopt shmat shmctl shmdt shmget shutdown socketpair";

json::array names(const char* list) {
  json::array result;
  std::istringstream words(list);
  for (std::string word; words >> word;) result.emplace_back(word);
  return result;
}

json::object allow(const char* list) {
  return {{"names", names(list)}, {"action", "SCMP_ACT_ALLOW"}};
}

json::object allow_where(const char* name, json::object condition) {
  json::object rule = allow(name);
  rule["args"] = json::array{std::move(condition)};
  return rule;
}

json::object argument_is(std::uint64_t value) {
  return {{"index", 0}, {"value", value}, {"op", "SCMP_CMP_EQ"}};
}

}  // namespace

json::object seccomp_profile() {
  // CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET.
  constexpr std::uint64_t kNamespaceFlags = 0x7e020000;
  json::array rules;
  for (const char* list : {kFiles, kMemory, kProcesses, kClocks, kMessages}) rules.push_back(allow(list));
  rules.push_back(
      allow_where("clone", {{"index", 0}, {"value", kNamespaceFlags}, {"valueTwo", 0}, {"op", "SCMP_CMP_MASKED_EQ"}}));
  // Its flags lie in memory, where a filter cannot look: libc then uses clone.
  rules.push_back(json::object{{"names", names("clone3")}, {"action", "SCMP_ACT_ERRNO"}, {"errnoRet", ENOSYS}});
  for (const int family : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}) {
    rules.push_back(allow_where("socket", argument_is(static_cast<std::uint64_t>(family))));
  }
  // Linux, and the question which it is.
  for (const std::uint64_t persona : {std::uint64_t{0}, std::uint64_t{0xffffffff}}) {
    rules.push_back(allow_where("personality", argument_is(persona)));
  }
#if defined(__x86_64__)
  json::array architectures{"SCMP_ARCH_X86_64"};
#elif defined(__aarch64__)
  json::array architectures{"SCMP_ARCH_AARCH64"};
#else
#error "name this processor's architecture for seccomp"
#endif
  return {{"defaultAction", "SCMP_ACT_ERRNO"},
          {"defaultErrnoRet", EPERM},
          {"architectures", std::move(architectures)},
          {"syscalls", std::move(rules)}};
}

}  // namespace sandbox::local
