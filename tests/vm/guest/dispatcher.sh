# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Beside other XDP programs, by libxdp's dispatcher: first.o and after.o let every frame pass on, and count it.
for object in "$OBJECTS"/*.clang-*.o; do
    mkdir /sys/fs/bpf/objects
    check "load ${object##*/}" bpftool prog loadall "$object" /sys/fs/bpf/objects
    rm -r /sys/fs/bpf/objects
done

# How many frames a program has counted, in its only map.
frames() { bpftool -j map dump name "$1" | busybox sed -n 's/.*"value":\([0-9]*\).*/\1/p'; }
more() { # MAP BEFORE HOW_MANY
    now=$(frames "$1")
    [ "$now" -ge $(($2 + $3)) ] || { echo "$now frames, after $2" && return 1; }
}

check "another program first" xdp-loader load -m native -P 10 v1 "$OBJECTS/first.o"
check "add" xdp-bridge add br0
check "add v1" xdp-bridge port add br0 v1 --hook both
check "add v2" xdp-bridge port add br0 v2 --hook both
check "attached by the dispatcher" says dispatcher xdp-bridge port show br0
check "no bare link" silent link xdp-bridge port show br0
check "another program after" xdp-loader load -m native -P 90 v2 "$OBJECTS/after.o"
check "beside the other on v1" says xdpb_ingress xdp-loader status v1
check "beside the other on v2" says xdpb_ingress xdp-loader status v2
before=$(frames first_frames)
check "ping" ping_h2
check "the first one has seen the frames that ours has switched" more first_frames "$before" 3
# What goes past ours: to the neighbours' group of LLDP, which is for the host's stack.
before=$(frames after_frames)
ip -n h2 neigh add 10.0.0.99 lladdr 01:80:c2:00:00:0e dev eth0
ip netns exec h2 ping -c 3 -i 0.2 -W 1 10.0.0.99
check "the last one has seen what ours has passed on" more after_frames "$before" 3
check "and ours has" says '"passed":3,' xdp-bridge -j stats br0 v2
check "refusals are counted" silent "not counted" xdp-bridge show br0
check "learned" says v2 xdp-bridge fdb show br0

# An upgrade exchanges ours alone, while frames go on.
chain() { xdp-loader status "$1" | busybox awk '$1 == "=>" { printf "%s ", $3 }'; }  # names, in their order
number() { xdp-loader status "$1" | busybox awk '$3 == "xdpb_ingress" { print $4 }'; } # the id of ours
all_three() { [ "$(chain v1)" = "first xdpb_ingress after " ] || { chain v1 && return 1; }; }
others_now() { # THE TWO IDS BEFORE
    now="$(number v1) $(number v2)"
    [ $# = 2 ] || { echo "$now" && return 1; }
    for id; do case " $now " in *" $id "*) echo "$now, as before" && return 1 ;; esac done
}
no_ping_lost() {
    cat /tmp/pings
    [ "$(grep -c 'packets transmitted' /tmp/pings)" -gt 0 ] && ! grep 'packets transmitted' /tmp/pings | grep -qv ' 0% packet loss'
}
check "upgrade: another program after ours, too" xdp-loader load -m native -P 90 v1 "$OBJECTS/after.o"
check "upgrade: three on v1" all_three
while [ ! -e /tmp/upgraded ]; do ip netns exec h1 ping -q -c 50 -i 0.02 -W 5 10.0.0.2; done >/tmp/pings 2>&1 &
for i in 1 2; do # the second finds what the first has put in
    ids="$(number v1) $(number v2)"
    check "upgrade $i" says "br0         2" xdp-bridge upgrade br0
    # shellcheck disable=SC2086 # two words
    check "upgrade $i: other programs than $ids" others_now $ids
    check "upgrade $i: three on v1" all_three
done
touch /tmp/upgraded
wait
check "upgrade: no ping is lost" no_ping_lost
busybox awk '/packets transmitted/ { sent += $1; got += $4 } END { print sent, "pings,", sent - got, "lost" }' /tmp/pings
check "upgrade: still by the dispatcher" says dispatcher xdp-bridge port show br0
check "upgrade: the old ones are gone" [ "$(bpftool prog show name xdpb_ingress | grep -c xdpb_ingress)" = 2 ]
check "groups and neighbours: on" xdp-bridge set br0 --snooping on --neigh-suppress on
for i in 1 2; do ip -n h$i neigh flush all; done
check "neighbours: ping" ping_h2
check "neighbours: learned" says 10.0.0.2 xdp-bridge neigh show br0
ip -n h1 neigh flush all
check "neighbours: ping again" ping_h2
answered() { xdp-bridge -j stats br0 v1 | grep '"answered":[1-9]'; } # twice, where all takes long
check "neighbours: answered" answered
check "groups: add" xdp-bridge mdb add br0 v2 239.1.2.3
check "groups: shown" says 239.1.2.3 xdp-bridge mdb show br0
check "del v2" xdp-bridge port del br0 v2
check "the other stays on v2" says after xdp-loader status v2
check "del" xdp-bridge del br0
check "the others stay on v1" [ "$(chain v1)" = "first after " ]
check "ours is gone from v1" silent xdpb_ingress xdp-loader status v1
check "the folder is gone" says "[]" xdp-bridge -j show

# Not every kernel takes a VLAN-aware bridge's program beside another.
check "vlan: add" xdp-bridge add br0 --vlan-aware
beside() {
    out=$(xdp-bridge port add br0 v1 --hook xdp 2>&1) ||
        case "$out" in *"does not take ours"*"--hook tc"*) ;; *) echo "$out" && return 1 ;; esac
}
check "vlan: port" beside
check "vlan: the other stays" says first xdp-loader status v1
check "vlan: del" xdp-bridge del br0
for i in 1 2; do check "the other goes" xdp-loader unload v$i --all; done

# At tc a flood is a loop, of which each kernel's verifier makes what it can: all ports have to be reached.
add_host 3
check "flood at tc: add" xdp-bridge add br0
for i in 1 2 3; do check "flood at tc: port $i" xdp-bridge port add br0 v$i --hook tc; done
for i in 1 2; do ip -n h$i neigh flush all; done
check "flood at tc: the first of two" ping_h2
check "flood at tc: the last" ping_h2 10.0.0.3
check "flood at tc: del" xdp-bridge del br0
