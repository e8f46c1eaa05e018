//! What the toolbox holds: Debian packages, grouped by the wing whose tests use them.

/// One wing's part of the toolbox.
pub(super) struct Group {
    /// The wing, or the ground floor.
    pub(super) wing: &'static str,
    /// Debian package names.
    pub(super) packages: &'static [&'static str],
}

/// Everything that is installed. A change here makes the next `cargo xtask toolbox` build a new
/// root.
pub(super) const GROUPS: &[Group] = &[
    Group {
        wing: "ground floor",
        packages: &[
            // The oracle for versions, names, store paths, derivations, NARs, signatures and
            // closures.
            "nix-bin",
            // A static builder: derivations of tests can be built without any other store path.
            "busybox-static",
            "ca-certificates",
            "coreutils",
            "sqlite3",
            "xz-utils",
            "zstd",
        ],
    },
    Group {
        // Each knows how the versions of its kind are ordered (dpkg is there anyway).
        wing: "tracker: version orders",
        packages: &["default-jre-headless", "libmaven3-core-java", "node-semver", "rpm"],
    },
    Group {
        // Opens the pages that we write.
        wing: "tracker: browser",
        packages: &["chromium-headless-shell"],
    },
    Group {
        // systemd-sbsign comes with systemd-repart; certutil, which gives pesign its keys, with
        // libnss3-tools.
        wing: "boot: signing and verifying",
        packages: &[
            "libnss3-tools",
            "openssl",
            "osslsigncode",
            "pesign",
            "sbsigntool",
            "systemd-boot-tools",
            "systemd-repart",
        ],
    },
    Group { wing: "boot: keys in hardware", packages: &["opensc", "pkcs11-provider", "softhsm2"] },
    Group {
        // Files that others have built, signed or not.
        wing: "boot: EFI programs",
        packages: &[
            "fwupd-amd64-signed",
            "grub-efi-amd64-signed",
            "shim-helpers-amd64-signed",
            "shim-signed",
            "shim-unsigned",
            "systemd-boot-efi",
            "systemd-boot-efi-amd64-signed",
        ],
    },
    Group {
        // They read and make what we make: images, PCR 11, event logs.
        wing: "boot: kernel images and measurements",
        packages: &["systemd-tpm", "systemd-ukify", "tpm2-tools"],
    },
    Group {
        wing: "boot: firmware",
        packages: &["dosfstools", "mtools", "ovmf", "python3-virt-firmware", "qemu-system-x86"],
    },
];

/// Depends on `linux-image-VERSION`, Debian's kernel of the day; `linux-binary-VERSION` holds
/// nothing but that kernel, which is a signed EFI program as well, and `linux-modules-VERSION` its
/// modules, of which tests need the one for the firmware's variables. Both are only unpacked: what
/// they depend on is for machines that boot them.
pub(super) const KERNEL: &str = "linux-image-cloud-amd64";

/// An older firmware beside sid's: EDK2 2022.11, as Debian 12 has it. It is only unpacked, below
/// [`OLD_FOLDER`].
pub(super) const OLD_SUITE: &str = "bookworm";
/// The package of that suite.
pub(super) const OLD_FIRMWARE: &str = "ovmf";
/// Where it is, from the root.
pub(super) const OLD_FOLDER: &str = "opt/bookworm";

/// All package names, sorted, each once.
pub(super) fn all() -> Vec<&'static str> {
    let mut names: Vec<_> = GROUPS.iter().flat_map(|group| group.packages).copied().collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// One line per wing, for messages and for the stamp.
pub(super) fn describe() -> String {
    let lines: Vec<_> =
        GROUPS.iter().map(|group| format!("{}: {}\n", group.wing, group.packages.join(" "))).collect();
    format!("{}boot: kernel: {KERNEL}\nboot: older firmware: {OLD_FIRMWARE} of {OLD_SUITE}\n", lines.concat())
}
