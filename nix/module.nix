# NixOS: `programs.snowguard` for people, `services.snowguard` for machines.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib)
    concatMap
    concatMapStringsSep
    hasPrefix
    mkIf
    mkMerge
    mkOption
    optional
    optionalAttrs
    optionals
    types
    ;
  programs = config.programs.snowguard;
  services = config.services.snowguard;
  inherit (services) scan update;

  # Where `snowguard scan` of every user looks too.
  state = "/var/lib/snowguard";
  program = "${services.package}/bin/snowguard";

  toml = pkgs.formats.toml { };

  # A command line of systemd: neither a shell nor systemd itself may find something in it.
  exec =
    arguments:
    concatMapStringsSep " " (
      argument: builtins.replaceStrings [ "%" "$" ] [ "%%" "$$" ] (builtins.toJSON "${argument}")
    ) arguments;

  repeated =
    option: values:
    concatMap (value: [
      option
      "${value}"
    ]) values;

  # All but the format and the place of the report. What the units do stands in the options here
  # and nowhere else.
  scanArguments = [
    program
    "scan"
    "--no-config"
    "--db"
    state
    "--min-confidence"
    scan.minConfidence
  ]
  ++ repeated "--suppress" scan.suppress
  ++ repeated "--vex" scan.vex
  ++ repeated "--knowledge" scan.knowledge
  ++ scan.extraArguments;
  report =
    format: file:
    exec (
      scanArguments
      ++ [
        "--format"
        format
        "--output"
        file
      ]
      ++ targets
    );
  # Nothing that is called like an option is one.
  targets = [ "--" ] ++ scan.targets;

  # What both units have in common: they read records and store paths that anybody may have
  # written, with the rights of nobody.
  confined = {
    Type = "oneshot";
    User = "snowguard";
    Group = "snowguard";
    UMask = "0022";
    Nice = 10;
    IOSchedulingClass = "idle";
    CapabilityBoundingSet = "";
    DevicePolicy = "closed";
    LockPersonality = true;
    MemoryDenyWriteExecute = true;
    NoNewPrivileges = true;
    PrivateDevices = true;
    PrivateTmp = true;
    PrivateUsers = true;
    ProcSubset = "pid";
    ProtectClock = true;
    ProtectControlGroups = true;
    ProtectHome = true;
    ProtectHostname = true;
    ProtectKernelLogs = true;
    ProtectKernelModules = true;
    ProtectKernelTunables = true;
    ProtectProc = "invisible";
    ProtectSystem = "strict";
    RemoveIPC = true;
    RestrictNamespaces = true;
    RestrictRealtime = true;
    RestrictSUIDSGID = true;
    SystemCallArchitectures = "native";
    SystemCallErrorNumber = "EPERM";
    SystemCallFilter = [
      "@system-service"
      "~@privileged @resources"
    ];
  };

  # Findings that nobody has been shown yet, or that have become worse. They count as known once
  # they were delivered: a mail that could not be sent is sent after the next scan.
  notifies = scan.onNew.command != null || scan.onNew.mail != null;
  nothing = builtins.toJSON {
    format = "snowguard-scan-report";
    formatVersion = "1.0";
    targets = [ ];
    packages = [ ];
    vulnerabilities = [ ];
    findings = [ ];
  };
  notify = ''
    cd ${state}/scan
    [ -e report.json ] || exit 0
    [ -e known.json ] || echo ${lib.escapeShellArg nothing} > known.json
    cp report.json seen.json
    code=0
    ${program} diff --no-config --fail-on low --min-confidence ${scan.minConfidence} known.json seen.json > new.txt || code=$?
    if [ $code = 1 ]; then
      cat new.txt
  ''
  + lib.optionalString (scan.onNew.command != null) ''
    ${lib.escapeShellArgs scan.onNew.command} < new.txt
  ''
  + lib.optionalString (scan.onNew.mail != null) ''
    {
      echo To: ${lib.escapeShellArg scan.onNew.mail}
      echo "Subject: New vulnerabilities on $(cat /proc/sys/kernel/hostname)"
      echo "Content-Type: text/plain; charset=utf-8"
      echo
      cat new.txt
    } | ${lib.escapeShellArg scan.onNew.sendmail} -i -t
  ''
  + ''
    elif [ $code != 0 ]; then
      exit $code
    fi
    mv seen.json known.json
  '';

  packageOption = mkOption {
    type = types.package;
    default = pkgs.callPackage ./package.nix { };
    defaultText = lib.literalExpression "the package of this flake";
    description = "The package of Snowguard.";
  };
in
{
  options.programs.snowguard = {
    enable = lib.mkEnableOption "the program `snowguard` for all users";
    package = packageOption;
    settings = mkOption {
      type = toml.type;
      default = { };
      example = {
        fail-on = "high";
        suppress = [ "/etc/snowguard/accepted.toml" ];
      };
      description = ''
        Defaults of options for all users: the contents of `/etc/snowguard/snowguard.toml`.
      '';
    };
  };

  options.services.snowguard = {
    package = packageOption;

    update = {
      enable = mkOption {
        type = types.bool;
        default = scan.enable;
        defaultText = lib.literalExpression "config.services.snowguard.scan.enable";
        description = ''
          Whether to keep the system's database of vulnerability records up to date: before each
          scheduled scan, and at the times of {option}`services.snowguard.update.startAt`.
        '';
      };
      arguments = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "--nvd-feeds" ];
        description = "Arguments of `snowguard db update`; by default it fetches what it needs.";
      };
      startAt = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "hourly";
        description = "When to update besides the scans, as in {manpage}`systemd.time(7)`.";
      };
    };

    scan = {
      enable = lib.mkEnableOption "scheduled scans for known vulnerabilities";
      targets = mkOption {
        type = types.listOf types.str;
        default = [ "/run/current-system" ];
        example = [
          "/run/current-system"
          "/nix/var/nix/profiles/per-user/alice/profile"
        ];
        description = "What is scanned: store paths, or links to such.";
      };
      startAt = mkOption {
        type = types.str;
        default = "daily";
        example = "*-*-* 06:30";
        description = "When to scan, as in {manpage}`systemd.time(7)`.";
      };
      randomizedDelay = mkOption {
        type = types.str;
        default = "1h";
        description = "Up to how much later it may be, so that not all machines ask at once.";
      };
      failOn = mkOption {
        type = types.nullOr (
          types.enum [
            "low"
            "medium"
            "high"
            "critical"
            "known-exploited"
          ]
        );
        default = null;
        example = "known-exploited";
        description = ''
          The unit `snowguard-scan.service` fails if there is a finding at or above this bar. Without
          one it fails only if it could not scan.
        '';
      };
      minConfidence = mkOption {
        type = types.enum [
          "low"
          "medium"
          "high"
        ];
        default = "medium";
        description = "How sure a finding has to be to be reported and counted.";
      };
      suppress = mkOption {
        type = types.listOf types.path;
        default = [ ];
        example = lib.literalExpression "[ ./accepted.toml ]";
        description = "Files of rules for findings that you accept.";
      };
      vex = mkOption {
        type = types.listOf types.path;
        default = [ ];
        description = "VEX documents on what is affected.";
      };
      knowledge = mkOption {
        type = types.listOf types.path;
        default = [ ];
        description = "Files of curated knowledge.";
      };
      extraArguments = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "--no-derivations" ];
        description = "More arguments of `snowguard scan`.";
      };
      onNew = {
        command = mkOption {
          type = types.nullOr (types.listOf types.str);
          default = null;
          example = [
            "/run/current-system/sw/bin/notify-room"
            "security"
          ];
          description = ''
            A program with its arguments that is started when something is affected that was not at
            the last scan, or has become worse. In its standard input it finds what `snowguard diff`
            prints. If it fails, it is started again after the next scan.
          '';
        };
        mail = mkOption {
          type = types.nullOr types.str;
          default = null;
          example = "root@example.org";
          description = "To whom new findings are mailed.";
        };
        sendmail = mkOption {
          type = types.path;
          default = "/run/wrappers/bin/sendmail";
          description = "The program that mails are handed to.";
        };
      };
      metrics = {
        enable = lib.mkEnableOption "metrics for the textfile collector of Prometheus' node_exporter";
        file = mkOption {
          type = types.path;
          default = "${state}/metrics/snowguard.prom";
          description = ''
            The file with the metrics, which is replaced after each scan. In a folder other than the
            default the user `snowguard` must be allowed to make files. node_exporter finds it with
            `services.prometheus.exporters.node.extraFlags = [
            "--collector.textfile.directory=${state}/metrics" ]`.
          '';
        };
      };
    };
  };

  config = mkMerge [
    (mkIf programs.enable { environment.systemPackages = [ programs.package ]; })

    (mkIf (programs.enable && programs.settings != { }) {
      environment.etc."snowguard/snowguard.toml".source = toml.generate "snowguard.toml" programs.settings;
    })

    (mkIf (scan.enable || update.enable) {
      users.users.snowguard = {
        isSystemUser = true;
        group = "snowguard";
        description = "Snowguard";
      };
      users.groups.snowguard = { };
    })

    (mkIf update.enable {
      systemd.services.snowguard-update = {
        description = "Update of the database of vulnerability records";
        documentation = [ "man:snowguard-db-update(1)" ];
        after = [ "network-online.target" ];
        wants = [ "network-online.target" ];
        environment = config.networking.proxy.envVars // {
          # With the authorities that this machine adds to Mozilla's.
          SSL_CERT_FILE = "/etc/ssl/certs/ca-certificates.crt";
        };
        serviceConfig = confined // {
          ExecStart = exec (
            [
              program
              "db"
              "update"
              "--no-config"
              "--db"
              state
            ]
            ++ update.arguments
          );
          StateDirectory = "snowguard";
          RestrictAddressFamilies = [
            "AF_INET"
            "AF_INET6"
            # Names are looked up by other processes.
            "AF_UNIX"
          ];
        };
      };
    })

    (mkIf (update.enable && update.startAt != null) {
      systemd.timers.snowguard-update = {
        description = "Updates of the database of vulnerability records";
        wantedBy = [ "timers.target" ];
        timerConfig = {
          OnCalendar = update.startAt;
          RandomizedDelaySec = scan.randomizedDelay;
          Persistent = true;
        };
      };
    })

    (mkIf scan.enable {
      systemd.services.snowguard-scan = {
        description = "Scan for known vulnerabilities";
        documentation = [ "man:snowguard-scan(1)" ];
        # A scan with yesterday's records is better than none.
        wants = optional update.enable "snowguard-update.service";
        after = optional update.enable "snowguard-update.service";
        # Above the bar, too.
        onSuccess = optional notifies "snowguard-new.service";
        onFailure = optional notifies "snowguard-new.service";
        serviceConfig =
          confined
          // {
            # What fails in the first ones fails in the last one too, which says so in the journal.
            ExecStart =
              optional scan.metrics.enable ("-" + report "metrics" scan.metrics.file)
              ++ [
                ("-" + report "json" "${state}/scan/report.json")
                (exec (
                  scanArguments
                  ++ optionals (scan.failOn != null) [
                    "--fail-on"
                    scan.failOn
                  ]
                  ++ targets
                ))
              ];
            # The database itself can only be read.
            StateDirectory = [ "snowguard/scan" ] ++ optional scan.metrics.enable "snowguard/metrics";
            PrivateNetwork = true;
            IPAddressDeny = "any";
            RestrictAddressFamilies = "none";
          }
          // optionalAttrs (builtins.any (hasPrefix "/home/") scan.targets) { ProtectHome = "read-only"; }
          // optionalAttrs (scan.metrics.enable && !hasPrefix "${state}/metrics/" scan.metrics.file) {
            ReadWritePaths = [ (builtins.dirOf scan.metrics.file) ];
          };
      };
      systemd.timers.snowguard-scan = {
        description = "Scans for known vulnerabilities";
        wantedBy = [ "timers.target" ];
        timerConfig = {
          OnCalendar = scan.startAt;
          RandomizedDelaySec = scan.randomizedDelay;
          Persistent = true;
        };
      };
    })

    (mkIf (scan.enable && notifies) {
      systemd.services.snowguard-new = {
        description = "Report of new vulnerabilities";
        script = notify;
        # What delivers may need the network, or the rights of a mail queue: this is not as confined
        # as the scan, and neither reads records nor what is scanned.
        serviceConfig = {
          Type = "oneshot";
          User = "snowguard";
          Group = "snowguard";
          UMask = "0022";
          PrivateTmp = true;
          ProtectControlGroups = true;
          ProtectHome = true;
          ProtectSystem = "full";
          StateDirectory = "snowguard/scan";
        };
      };
    })
  ];
}
