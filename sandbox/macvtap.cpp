#include "sandbox/macvtap.h"

#include "sandbox/files.h"
#include "sandbox/netns_scope.h"

#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstdio>

namespace xdpbridge::sandbox {
namespace {

// A sysfs shows the devices of the namespace in which it was mounted: one of `netns`, for a moment.
class SysfsHere {
  public:
    SysfsHere() {
        if (mount("sysfs", "/sys", "sysfs", 0, nullptr) != 0)
            throw system_error("mount a sysfs");
    }
    ~SysfsHere() { umount2("/sys", MNT_DETACH); }
    SysfsHere(const SysfsHere&) = delete;
    SysfsHere& operator=(const SysfsHere&) = delete;
};

// The character device is named by the interface's index, which is another one's in other
// namespaces. So what is at /dev/tapN may not be ours.
dev_t device_number(const std::string& device) {
    SysfsHere sysfs;
    std::string path =
        fmt::format("/sys/class/net/{}/macvtap/tap{}/dev", device, if_nametoindex(device.c_str()));
    std::string text = read_file(path);
    unsigned major = 0, minor = 0;
    if (std::sscanf(text.c_str(), "%u:%u", &major, &minor) != 2)
        throw std::runtime_error(path + " has no device number: " + text);
    return makedev(major, minor);
}

} // namespace

Fd open_macvtap(const std::string& netns, const std::string& device) {
    NetnsScope scope(netns);
    std::string node = "/run/netns/" + device + "-tap"; // the sandbox's own, and in memory
    if (mknod(node.c_str(), S_IFCHR | 0600, device_number(device)) != 0)
        throw system_error("make the character device of " + device);
    int opened = open(node.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
    int error = errno;
    unlink(node.c_str());
    errno = error;
    Fd fd(opened, "open the character device of " + device);
    ifreq request{};
    request.ifr_flags = IFF_TAP | IFF_NO_PI; // no header before the frame
    if (ioctl(fd.get(), TUNSETIFF, &request) != 0)
        throw system_error("set up " + device);
    return fd;
}

} // namespace xdpbridge::sandbox
