# The front door: `sudo make demo` on a fresh Debian installs what is missing, builds and shows it.
# CMake does the work; this file only says in which order. Options are passed as CMAKE_FLAGS="-D...",
# a compiler as CXX=... (heeded when build/ is made).

PREFIX = /usr/local
CMAKE_FLAGS =
CTEST_FLAGS =
# Of tests/vm/kernels, such as -k "6.1 6.12".
KERNELS_FLAGS =

BUILD = build
VM_KERNEL = $(BUILD)/vm-kernel
OWN_CODE = lib loader sandbox tests examples bench
OWN_FILES = find $(OWN_CODE) include bpf -name '*.[ch]' -o -name '*.cpp'

.DEFAULT_GOAL = build
.DELETE_ON_ERROR:
# `demo: deps build` means first deps, then build. CMake runs its own jobs in parallel.
.NOTPARALLEL:
.PHONY: help deps build cli demo demo-vm vm-kernel frr ovs test test-kernels verifier-budget coverage fuzz tsan bench install uninstall format lint clean FORCE

help: ## print this
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

deps: ## install the packages of packages.txt that are missing (as root)
	@missing=$$(for p in $$(grep -v '^#' packages.txt); do \
	    dpkg-query -W -f '$${db:Status-Status}' $$p 2>/dev/null | grep -qx installed || echo $$p; \
	done); \
	[ -n "$$missing" ] || exit 0; \
	[ "$$(id -u)" = 0 ] || { echo "run 'sudo make deps' to install:" $$missing >&2; exit 1; }; \
	apt-get update && \
	DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $$missing

build: $(BUILD)/.configured ## compile everything (what plain `make` does)
	@cmake --build $(BUILD) --parallel $$(nproc)

# Once; CMake itself notices when a CMakeLists.txt changes. Options given are always heeded.
$(BUILD)/.configured: $(if $(CMAKE_FLAGS),FORCE)
	@command -v cmake >/dev/null || { echo "cmake is missing: run 'sudo make deps'" >&2; exit 1; }
	$$(command -v ninja >/dev/null && echo env CMAKE_GENERATOR=Ninja) cmake -S . -B $(BUILD) $(CMAKE_FLAGS)
	@touch $@

# The demo does not wait for the tests and benchmarks to be built.
cli: $(BUILD)/.configured
	@cmake --build $(BUILD) --parallel $$(nproc) --target xdp-bridge

demo: deps cli ## show a bridge at work, in a throwaway network (as root)
	$(BUILD)/loader/xdp-bridge demo

demo-vm: deps cli vm-kernel ## the same between VMs
	$(BUILD)/loader/xdp-bridge demo --vm --kernel $(VM_KERNEL)

vm-kernel: deps
	sandbox/fetch-vm-kernel $(VM_KERNEL)
	sandbox/fetch-vm-kernel $(VM_KERNEL)-6.1 linux-image-cloud-amd64

# Daemons for a test, not installed.
frr: deps
	sandbox/fetch-frr $(BUILD)/frr

# A switch to measure beside ours, not installed.
ovs: deps
	sandbox/fetch-ovs $(BUILD)/ovs

# The kernels first: the build asks the VM tests for their names, one for each kernel.
test: deps vm-kernel frr build ## run all tests (as root)
	ctest --test-dir $(BUILD) --parallel $$((2 * $$(nproc))) --output-on-failure --no-tests=error $(CTEST_FLAGS)

test-kernels: deps ## run the tests on other kernels, in VMs: takes hours, may be stopped (as root)
	tests/vm/kernels $(KERNELS_FLAGS)

bench: deps vm-kernel ovs build ## run the benchmarks (as root)
	@set -- $$(find $(BUILD)/bench -maxdepth 1 -name 'bench_*' -type f -executable | sort); \
	[ $$# -gt 0 ] || { echo "no benchmarks in $(BUILD)/bench" >&2; exit 1; }; \
	n=0; for b; do n=$$((n + 1)); echo "[$$n/$$#] $${b##*/}"; $$b || exit 1; done

verifier-budget: deps $(BUILD)/.configured ## record what the verifier needs for each program (as root)
	@cmake --build $(BUILD) --parallel $$(nproc) --target vm_test
	XDPB_RECORD_VERIFIER_BUDGET=1 $(BUILD)/tests/vm/vm_test --gtest_filter='*MoreOfTheVerifierThanRecorded'
	git diff --stat tests/vm/verifier_budget.txt

# ASan and UBSan watch too. What is found is written to build-fuzz/, and belongs into tests/fuzz/corpus once mended.
FUZZ_SECONDS = 60
fuzz: deps ## let libFuzzer loose on each parser, and the model of the switch, for FUZZ_SECONDS (60; as root)
	cmake -S . -B build-fuzz -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ \
	    -DXDPB_FUZZ=ON -DXDPB_SANITIZE=address,undefined -DXDPB_BENCH=OFF
	@cmake --build build-fuzz --parallel $$(nproc) --target xdpb_fuzzers
	tests/fuzz/run build-fuzz $(FUZZ_SECONDS)

# Lines of lib/ and loader/, and the exits of the data plane, that the tests take.
coverage: deps ## run the tests but those of VMs and benchmarks, and print what they reach (as root)
	cmake -S . -B build-coverage -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ \
	    -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-g1 -DXDPB_COVERAGE=ON -DXDPB_BENCH=OFF
	@cmake --build build-coverage --parallel $$(nproc)
	sandbox/fetch-frr build-coverage/frr
	tests/coverage build-coverage

# The library's own threads, and those of the tests that call it from several.
tsan: deps ## run the tests that have threads under ThreadSanitizer (as root)
	cmake -S . -B build-tsan -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ \
	    -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-g1 -DXDPB_SANITIZE=thread -DXDPB_BENCH=OFF
	@cmake --build build-tsan --parallel $$(nproc) --target library_tests netns_test
	ctest --test-dir build-tsan --output-on-failure --no-tests=error \
	    -R 'Concurrency|LearnedInStep|Events|Doctor|LatencyTest'

install: cli ## install to PREFIX (/usr/local), below DESTDIR if given
	cmake --install $(BUILD) --prefix $(PREFIX)

uninstall: ## remove what `make install` installed last
	@[ -e $(BUILD)/install_manifest.txt ] || { echo "nothing installed from $(BUILD)/" >&2; exit 1; }
	sed 's|^|$(DESTDIR)|' $(BUILD)/install_manifest.txt | xargs -d '\n' rm -fv
	@sed -n 's|/[^/]*$$||; \|/xdpbridge$$|s|^|$(DESTDIR)|p' $(BUILD)/install_manifest.txt | sort -u | \
	    xargs -rd '\n' rmdir --ignore-fail-on-non-empty
	rm $(BUILD)/install_manifest.txt

format: ## lay out all C and C++ code as .clang-format says
	$(OWN_FILES) | xargs clang-format -i

lint: $(BUILD)/.configured ## check layout (clang-format) and code (clang-tidy)
	$(OWN_FILES) | xargs clang-format --dry-run -Werror
	@cmake --build $(BUILD) --target xdpb_bpf
	run-clang-tidy -p $(BUILD) -j $$(nproc) -quiet
	# struct xdp_md has addresses as integers, and helpers return every code as a long.
	clang-tidy --quiet --checks=-performance-no-int-to-ptr,-bugprone-narrowing-conversions \
	    bpf/*.bpf.c bench/bpf/*.bpf.c -- -target bpf -Iinclude -isystem /usr/include/$$($(CC) -dumpmachine)

clean: ## remove build/
	rm -rf $(BUILD)
