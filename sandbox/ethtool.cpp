#include "sandbox/ethtool.h"

#include "sandbox/netns_scope.h"

#include <fmt/format.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace xdpbridge::sandbox {
namespace {

class Ethtool {
  public:
    Ethtool(const std::string& netns, const std::string& device) : netns_(netns), device_(device) {
        NetnsScope scope(netns);
        socket_ = Fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open a socket for ethtool");
    }

    uint32_t get(uint32_t command) { return call(command, 0); }
    void set(uint32_t command, uint32_t value) { call(command, value); }

  private:
    uint32_t call(uint32_t command, uint32_t value) {
        ethtool_value argument{.cmd = command, .data = value};
        ifreq request{};
        device_.copy(request.ifr_name, IFNAMSIZ - 1);
        request.ifr_data = reinterpret_cast<char*>(&argument);
        if (ioctl(socket_.get(), SIOCETHTOOL, &request) != 0)
            throw system_error(
                fmt::format("ethtool command {:#x} on {} in {}", command, device_, netns_));
        return argument.data;
    }

    std::string netns_, device_;
    Fd socket_; // belongs to the namespace it was opened in, and so do the devices it reaches
};

} // namespace

void offloads_off(const std::string& netns, const std::string& device) {
    Ethtool ethtool(netns, device);
    for (uint32_t feature : {ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_STXCSUM})
        ethtool.set(feature, 0);
    ethtool.set(ETHTOOL_SFLAGS,
                ethtool.get(ETHTOOL_GFLAGS) & ~uint32_t{ETH_FLAG_TXVLAN | ETH_FLAG_RXVLAN});
}

void set_gro(const std::string& netns, const std::string& device, bool on) {
    Ethtool(netns, device).set(ETHTOOL_SGRO, on);
}

} // namespace xdpbridge::sandbox
