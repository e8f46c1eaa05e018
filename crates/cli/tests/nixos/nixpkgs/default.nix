# Packages that can be evaluated. They are named and not built: there is no compiler.
{ system }:
let
  lib = import ./lib.nix;
  named = name: {
    inherit name;
    type = "derivation";
    outPath = "/nix/store/00000000000000000000000000000000-${name}";
  };
  platform = {
    inherit system;
    canExecute = other: other.system == system;
  };
  pkgs = {
    inherit lib;
    stdenv = {
      hostPlatform = platform;
      buildPlatform = platform;
    };
    callPackage =
      file: more:
      let
        function = import file;
        # What it asks for and nobody has is an error, as in nixpkgs.
        arguments = builtins.mapAttrs (name: _: pkgs.${name}) (builtins.functionArgs function);
      in
      function (arguments // more);
    rustPlatform.buildRustPackage =
      arguments:
      derivation {
        name = "${arguments.pname}-${arguments.version}";
        inherit system;
        inherit (arguments) postInstall src;
        builder = "/bin/false";
        lock = builtins.readFile arguments.cargoLock.lockFile;
      }
      // arguments;
    # Flat settings only: TOML writes their values as JSON does.
    formats.toml = _: {
      type = {
        name = "TOML value";
        check = builtins.isAttrs;
      };
      generate =
        name: settings:
        builtins.toFile name (
          builtins.concatStringsSep "" (
            builtins.attrValues (builtins.mapAttrs (key: value: "${key} = ${builtins.toJSON value}\n") settings)
          )
        );
    };
    mkShell =
      arguments:
      derivation {
        name = "shell";
        inherit system;
        builder = "/bin/false";
        packages = map (package: package.name) arguments.packages;
      }
      // arguments;
  }
  // lib.genAttrs [
    "bubblewrap"
    "cargo"
    "clippy"
    "installShellFiles"
    "python3"
    "rustc"
    "rustfmt"
  ] named;
in
pkgs
