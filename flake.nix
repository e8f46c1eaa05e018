{
  description = "Snowguard: supply-chain security for the Nix ecosystem";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs = inputs: import ./nix inputs;
}
