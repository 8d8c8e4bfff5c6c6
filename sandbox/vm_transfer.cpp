#include "sandbox/vm_transfer.h"

#include "sandbox/cksum.h"
#include "sandbox/initramfs.h"
#include "sandbox/sockets.h"
#include "sandbox/vm.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cinttypes>
#include <cstdio>
#include <stdexcept>

using namespace std::chrono_literals;

namespace xdpbridge::sandbox {
namespace {

// Longer than a network that works will need, even for an emulated VM.
constexpr auto kTransferTimeout = 120s;
constexpr auto kAcceptTimeout = 8s; // the VM gives up after 5

std::string vm_script(const VmTransferOptions& options, uint16_t download_port,
                      uint16_t upload_port) {
    return fmt::format(R"(
ip address add {ip}/24 dev eth0
ip link set eth0 up || poweroff -f
ping -c {pings} -i 0.1 -W 1 {server}
echo ping over
timeout {timeout} nc -w 5 {server} {download} </dev/null >/tmp/data
echo downloaded $(cksum </tmp/data)
timeout {timeout} nc -w 5 {server} {upload} </tmp/data
echo upload over
)",
                       fmt::arg("ip", options.ipv4), fmt::arg("pings", options.pings),
                       fmt::arg("server", options.server_ipv4),
                       fmt::arg("timeout", kTransferTimeout.count()),
                       fmt::arg("download", download_port), fmt::arg("upload", upload_port));
}

std::string vm_initramfs(const VmTransferOptions& options, const std::string& script) {
    Initramfs initramfs;
    for (const char* module : {"virtio_pci", "virtio_net"})
        initramfs.add_module(options.kernel, module);
    initramfs.add_program("/usr/bin/cksum"); // busybox need not have it
    initramfs.set_script(script);
    return initramfs.finish();
}

// Runs one direction; a failure of the network ends in the result.
void attempt(Transfer& result, const auto& transfer) {
    try {
        transfer();
    } catch (const std::exception& e) {
        result.error = e.what();
    }
}

void send_to_vm(const Fd& server, const std::vector<uint8_t>& data, Transfer& result) {
    Fd vm = accept_client(server, kAcceptTimeout);
    Clock::time_point start = Clock::now();
    send_all(vm, data);
    shutdown(vm.get(), SHUT_WR);
    receive_all(vm, 1, start + kTransferTimeout); // nc closes when it has it all
    result.seconds = seconds_since(start);
}

std::vector<uint8_t> receive_from_vm(const Fd& server, uint64_t bytes, Transfer& result) {
    Fd vm = accept_client(server, kAcceptTimeout);
    Clock::time_point start = Clock::now();
    std::vector<uint8_t> data = receive_all(vm, bytes, start + kTransferTimeout);
    result.seconds = seconds_since(start);
    return data;
}

} // namespace

VmTransfer vm_transfer(const VmTransferOptions& options) {
    Fd download = open_server(options.server_netns, options.server_ipv4, SOCK_STREAM);
    Fd upload = open_server(options.server_netns, options.server_ipv4, SOCK_STREAM);
    std::string script = vm_script(options, port_of(download), port_of(upload));

    std::vector<uint8_t> data = random_bytes(options.bytes);
    VmTransfer result;
    result.download.sent = data.size();
    result.download.sent_cksum = cksum(data);

    Vm vm({.kernel = options.kernel,
           .initramfs = vm_initramfs(options, script),
           .netns = options.netns,
           .nics = {{options.tap, options.mac, options.offloads}}});
    // The VM is emulated where there is no KVM, and a boot may take its time on a busy machine.
    if (!vm.wait_for("ping over", 60s + options.pings * 1s))
        throw std::runtime_error("the VM did not come up; its console:\n" + vm.console());

    attempt(result.download, [&] { send_to_vm(download, data, result.download); });
    std::vector<uint8_t> returned;
    if (vm.wait_for("downloaded ", kTransferTimeout + 10s))
        attempt(result.upload,
                [&] { returned = receive_from_vm(upload, options.bytes, result.upload); });
    vm.wait_for_power_off(kTransferTimeout + 30s);

    result.console = vm.console();
    result.ping = parse_ping(result.console);
    result.upload.received = returned.size();
    result.upload.received_cksum = cksum(returned);
    size_t counted = result.console.find("downloaded ");
    if (counted != std::string::npos) {
        std::sscanf(result.console.c_str() + counted, "downloaded %" SCNu32 " %" SCNu64,
                    &result.download.received_cksum, &result.download.received);
        result.upload.sent_cksum = result.download.received_cksum;
        result.upload.sent = result.download.received;
    }
    return result;
}

} // namespace xdpbridge::sandbox
