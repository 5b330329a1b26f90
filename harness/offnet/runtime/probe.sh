# What the labs need from the kernel, tried one by one; sh -c, as root, in new namespaces.
# A line each: NAME|MODULE|yes or no|what the kernel said
modprobe -qa vrf mpls_router mpls_iptunnel xfrm_interface 2>/dev/null

try() { # try NAME MODULE COMMAND..
    name=$1 module=$2
    shift 2
    if words=$("$@" 2>&1); then
        echo "$name|$module|yes|"
    else
        echo "$name|$module|no|$(echo "$words" | head -n 1)"
    fi
}

esp() { # esp SPI CIPHER-ARGUMENTS..
    spi=$1
    shift
    ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi "$spi" mode tunnel "$@"
}

layers() {
    mount -t tmpfs none /mnt && mkdir /mnt/lower /mnt/upper /mnt/work /mnt/root &&
        mount -t overlay -o lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work none /mnt/root
}

ip link set lo up
try "veth links" veth ip link add p1 type veth peer name p2
try VRF vrf ip link add p3 type vrf table 10
try "MPLS forwarding" mpls_router test -e /proc/sys/net/mpls/platform_labels
try "MPLS tunnels" mpls_iptunnel ip route add 198.51.100.0/24 encap mpls 100 dev lo
try "XFRM interfaces" xfrm_interface ip link add p4 type xfrm dev lo if_id 1
try "ESP with 3DES and SHA-1" esp4 esp 0x1001 enc "cbc(des3_ede)" 0x0123456789abcdef0123456789abcdef0123456789abcdef \
    auth "hmac(sha1)" 0x0123456789abcdef0123456789abcdef01234567
try "ESP with AES-GCM" esp4 esp 0x1002 aead "rfc4106(gcm(aes))" 0x0123456789abcdef0123456789abcdef01234567 128
try overlays overlay layers
