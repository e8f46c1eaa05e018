# The units that NixOS makes of some settings, as text by file name.
{
  module,
  settings,
  nixpkgs,
}:
let
  lib = import (nixpkgs + "/lib.nix");
  inherit
    (lib.evaluate {
      module = import module;
      settings = settings;
      pkgs = import nixpkgs { system = "x86_64-linux"; };
      system.networking.proxy.envVars = {
        https_proxy = "http://proxy.example:3128";
      };
    })
    config
    ;

  text =
    value:
    if value == true then
      "true"
    else if value == false then
      "false"
    else
      toString value;
  lines =
    set:
    builtins.concatLists (
      builtins.attrValues (
        builtins.mapAttrs (
          name: value: map (one: "${name}=${text one}") (if builtins.isList value then value else [ value ])
        ) set
      )
    );
  section = name: set: builtins.concatStringsSep "\n" ([ "[${name}]" ] ++ lines set ++ [ "" ]);

  members = {
    description = "Description";
    documentation = "Documentation";
    after = "After";
    wants = "Wants";
    onSuccess = "OnSuccess";
    onFailure = "OnFailure";
  };
  unit =
    set:
    section "Unit" (
      builtins.listToAttrs (
        map (name: {
          name = members.${name};
          value = if builtins.isList set.${name} then toString set.${name} else set.${name};
        }) (builtins.filter (name: set ? ${name} && set.${name} != [ ]) (builtins.attrNames members))
      )
      // set.unitConfig or { }
    );
  environment =
    set:
    builtins.attrValues (
      builtins.mapAttrs (name: value: builtins.toJSON "${name}=${value}") (set.environment or { })
    );
  known = builtins.attrNames members ++ [
    "environment"
    "script"
    "serviceConfig"
    "timerConfig"
    "unitConfig"
    "wantedBy"
  ];
  checked =
    set:
    let
      unknown = builtins.filter (name: !(builtins.elem name known)) (builtins.attrNames set);
    in
    if unknown == [ ] then set else throw "this test does not know ${toString unknown}";
  service =
    set:
    unit set
    + section "Service" (
      (checked set).serviceConfig
      // { Environment = environment set; }
      # As in NixOS, but that NixOS knows where bash is.
      // (if set ? script then { ExecStart = "/bin/sh ${builtins.toFile "script" "set -e\n${set.script}"}"; } else { })
    );
  timer = set: unit set + section "Timer" (checked set).timerConfig;
  files =
    suffix: make: set:
    builtins.listToAttrs (
      map (name: {
        name = "${name}.${suffix}";
        value = make set.${name};
      }) (builtins.attrNames set)
    );
in
{
  units =
    files "service" service (config.systemd.services or { }) // files "timer" timer (config.systemd.timers or { });
  scripts = builtins.mapAttrs (_: service: service.script or null) (config.systemd.services or { });
  started = builtins.mapAttrs (_: timer: timer.wantedBy) (config.systemd.timers or { });
  users = builtins.attrNames (config.users.users or { });
  etc = builtins.mapAttrs (_: file: file.source) (config.environment.etc or { });
  packages = map toString (config.environment.systemPackages or [ ]);
}
