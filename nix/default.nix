# The outputs of the flake.
{ self, nixpkgs }:
let
  inherit (nixpkgs) lib;
  systems = [
    "x86_64-linux"
    "aarch64-linux"
  ];
  forEach = make: lib.genAttrs systems (system: make nixpkgs.legacyPackages.${system});
in
{
  overlays.default = final: _previous: {
    snowguard = final.callPackage ./package.nix { };
  };

  packages = forEach (pkgs: rec {
    snowguard = pkgs.callPackage ./package.nix { };
    default = snowguard;
  });

  apps = forEach (
    pkgs:
    let
      package = self.packages.${pkgs.stdenv.hostPlatform.system}.snowguard;
    in
    {
      default = {
        type = "app";
        program = lib.getExe package;
        meta = { inherit (package.meta) description; };
      };
    }
  );

  # What CONTRIBUTING.md asks for; the rest is installed by `cargo xtask test`.
  devShells = forEach (pkgs: {
    default = pkgs.mkShell {
      inputsFrom = [ self.packages.${pkgs.stdenv.hostPlatform.system}.snowguard ];
      packages = [
        pkgs.bubblewrap
        pkgs.cargo
        pkgs.clippy
        pkgs.python3
        pkgs.rustc
        pkgs.rustfmt
      ];
    };
  });

  nixosModules = {
    snowguard = ./module.nix;
    default = ./module.nix;
  };

  checks = forEach (pkgs: {
    inherit (self.packages.${pkgs.stdenv.hostPlatform.system}) snowguard;
  });
}
