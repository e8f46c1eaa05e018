{
  lib,
  rustPlatform,
  installShellFiles,
  stdenv,
}:
rustPlatform.buildRustPackage {
  pname = "snowguard";
  inherit ((lib.importTOML ../Cargo.toml).workspace.package) version;

  # Only what cargo reads: a changed manual is no reason to compile.
  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../Cargo.lock
      ../Cargo.toml
      ../bootstrap
      ../crates
      ../xtask
    ];
  };
  cargoLock.lockFile = ../Cargo.lock;
  cargoBuildFlags = [
    "--package"
    "cli"
  ];

  # The tests compare with real data and with other programs, which a build has not: see
  # CONTRIBUTING.md.
  doCheck = false;

  nativeBuildInputs = [ installShellFiles ];

  # The program writes both, so it has to run on the machine that builds.
  postInstall = lib.optionalString (stdenv.buildPlatform.canExecute stdenv.hostPlatform) ''
    $out/bin/snowguard man --dir man1
    installManPage man1/*
    for shell in bash fish zsh; do
      $out/bin/snowguard completions $shell > snowguard.$shell
    done
    installShellCompletion snowguard.{bash,fish,zsh}
  '';

  meta = {
    description = "Supply-chain security for Nix: what is vulnerable, what may boot, and a compiler that you can trust";
    license = [
      lib.licenses.mit
      lib.licenses.asl20
    ];
    mainProgram = "snowguard";
    platforms = [
      "x86_64-linux"
      "aarch64-linux"
    ];
  };
}
