//! What nixpkgs calls its sets, and how the names of what is in them begin.

/// Names that mean something else than outside of it.
pub(super) struct Ecosystem {
    /// How keys of it begin.
    pub(super) name: &'static str,
    /// How parts of attribute paths begin and end, in lower case; a version may stand between.
    pub(super) sets: &'static [(&'static str, &'static str)],
    /// How names of derivations begin, in lower case, before a version and a dash.
    pub(super) prefixes: &'static [&'static str],
    /// Whether the version of the interpreter may follow the prefix.
    pub(super) versioned: bool,
    /// Whether a name in such a set without a prefix is the name of ordinary software: programs
    /// that are built with the set.
    pub(super) plain: bool,
}

const fn ecosystem(
    name: &'static str,
    sets: &'static [(&'static str, &'static str)],
    prefixes: &'static [&'static str],
) -> Ecosystem {
    Ecosystem { name, sets, prefixes, versioned: true, plain: false }
}

/// Without versions in the prefix: `r-ggplot2`, but not `r2-…`.
const fn unversioned(
    name: &'static str,
    sets: &'static [(&'static str, &'static str)],
    prefixes: &'static [&'static str],
) -> Ecosystem {
    Ecosystem { versioned: false, ..ecosystem(name, sets, prefixes) }
}

/// Sets whose members bring the prefix in their names; those without are ordinary software.
const fn prefixed(
    name: &'static str,
    sets: &'static [(&'static str, &'static str)],
    prefixes: &'static [&'static str],
) -> Ecosystem {
    Ecosystem { plain: true, ..ecosystem(name, sets, prefixes) }
}

pub(super) const ECOSYSTEMS: &[Ecosystem] = &[
    ecosystem("python", &[("python", "packages"), ("pypy", "packages")], &["python", "pypy"]),
    ecosystem("perl", &[("perl", "packages")], &["perl"]),
    ecosystem("ruby", &[("ruby", "packages"), ("ruby", "gems")], &["ruby"]),
    unversioned("haskell", &[("haskell", "packages"), ("ghc", "")], &["haskell"]),
    ecosystem("ocaml", &[("ocaml", "packages")], &["ocaml"]),
    ecosystem("php", &[("php", "packages"), ("php", "extensions")], &["php"]),
    ecosystem("lua", &[("lua", "packages"), ("luajit", "packages")], &["lua", "luajit"]),
    unversioned(
        "emacs",
        &[
            ("emacs", "packages"),
            ("elpa", "packages"),
            ("melpa", "packages"),
            ("melpastable", "packages"),
            ("org", "packages"),
        ],
        &["emacs"],
    ),
    unversioned("node", &[("node", "packages")], &["node", "node_"]),
    unversioned("r", &[("r", "packages")], &["r"]),
    unversioned("vim", &[("vim", "plugins")], &["vimplugin"]),
    ecosystem("coq", &[("coq", "packages")], &["coq"]),
    unversioned(
        "lisp",
        &[("lisp", "packages"), ("sbcl", "packages"), ("quicklisp", "packages")],
        &["lisp", "sbcl"],
    ),
    unversioned("erlang", &[("erlang", "packages"), ("beam", "packages")], &["erlang"]),
    ecosystem("guile", &[("guile", "packages")], &["guile"]),
    unversioned("octave", &[("octave", "packages")], &["octave"]),
    unversioned("dotnet", &[("dotnet", "packages")], &[]),
    unversioned("idris", &[("idris", "packages")], &["idris"]),
    unversioned("pure", &[("pure", "packages")], &["pure"]),
    unversioned("torch", &[("torch", "packages")], &[]),
    unversioned("terraform", &[("terraform-providers", "")], &["terraform-provider"]),
    unversioned("vscode", &[("vscode-extensions", "")], &["vscode-extension"]),
    unversioned("gnome-shell", &[("gnomeextensions", "")], &["gnome-shell-extension"]),
    unversioned("tmux", &[("tmuxplugins", "")], &["tmuxplugin"]),
    unversioned(
        "kodi",
        &[("kodi", "packages"), ("kodiplugins", ""), ("xbmcplugins", "")],
        &["kodi-plugin", "kodi"],
    ),
    unversioned("hunspell", &[("hunspelldicts", "")], &["hunspell-dict"]),
    unversioned("aspell", &[("aspelldicts", "")], &["aspell-dict"]),
    unversioned("graylog", &[("graylogplugins", "")], &["graylog"]),
    unversioned("elasticsearch", &[("elasticsearchplugins", "")], &[]),
    unversioned("znc", &[("zncmodules", "")], &["znc"]),
    unversioned("libretro", &[("libretro", "")], &["libretro"]),
    unversioned("texlive", &[("texlive", "")], &["texlive"]),
    unversioned("typst", &[("typst", "packages")], &[]),
    unversioned("nim", &[("nim", "packages")], &[]),
    unversioned("chicken", &[("chicken", "packages"), ("chickeneggs", "")], &["chicken"]),
    unversioned("agda", &[("agda", "packages")], &[]),
    prefixed("wordpress", &[("wordpress", "packages")], &["wordpress-plugin", "wordpress-theme"]),
];

/// Endings that tell how it was built or packed, not what it is.
pub(super) const VARIANTS: &[&str] = &[
    "-unwrapped",
    "-wrapper",
    "-wrapped",
    "-bin",
    "-unstable",
    "-nightly",
    "-minimal",
    "-full",
    "-headless",
    "-with-plugins",
    "-with-extensions",
];

/// Software whose name is followed by its major version, a single digit, in nixpkgs.
pub(super) const VERSIONED: &[&str] = &[
    "python",
    "pypy",
    "openjdk",
    "jdk",
    "ruby",
    "php",
    "lua",
    "nodejs",
    "openssl",
    "gtk",
    "gtk+",
    "gtkmm",
    "glade",
    "gtksourceview",
    "webkitgtk",
    "sdl",
    "sdl_image",
    "sdl_mixer",
    "sdl_net",
    "sdl_ttf",
    "sdl_gfx",
    "fuse",
    "gimp",
    "gstreamer",
    "dotnet-sdk",
    "dotnet-runtime",
    "clang",
    "llvm",
    "gcc",
    "qt",
    "boost",
    "tcl",
    "tk",
    "postgresql",
    "mysql",
    "mariadb",
    "mongodb",
    "elasticsearch",
    "kibana",
    "logstash",
    "solr",
    "cassandra",
    "tomcat",
    "apache-tomcat",
    "jetty",
    "wireguard",
    "nginx",
    "docker",
    "kubernetes",
    "linux",
    "guile",
    "db",
    "autoconf",
    "automake",
    "bison",
    "perl",
    "ghc",
    "ocaml",
    "erlang",
    "elixir",
    "emacs",
    "vim",
    "neovim",
    "openvpn",
    "samba",
];
