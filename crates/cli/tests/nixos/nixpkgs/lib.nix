# As much of nixpkgs' lib as `nix/` uses, written for this test: nixpkgs is no package of any
# registry. What it does is less than the real one does, and never something else.
let
  inherit (builtins)
    all
    any
    attrNames
    concatLists
    concatMap
    concatStringsSep
    elem
    filter
    foldl'
    head
    isAttrs
    isBool
    isList
    isPath
    isString
    length
    listToAttrs
    map
    stringLength
    substring
    typeOf
    ;
  at = concatStringsSep ".";
  isOf = type: value: isAttrs value && value._type or null == type;

  # The definitions in a value with `mkIf` and `mkMerge`.
  definitions =
    value:
    if isOf "if" value then
      if value.condition then definitions value.content else [ ]
    else if isOf "merge" value then
      concatMap definitions value.contents
    else
      [ value ];

  # What is no option of the module: sets are merged, lists appended, everything else is said once.
  merge =
    path: values:
    let
      found = concatMap definitions values;
      names = lib.unique (concatMap attrNames found);
    in
    if all (value: isAttrs value && !(lib.isDerivation value)) found then
      listToAttrs (
        map (name: {
          inherit name;
          value = merge (path ++ [ name ]) (map (value: value.${name}) (filter (v: v ? ${name}) found));
        }) (filter (name: defined (filter (v: v ? ${name}) found) name) names)
      )
    else if all isList found then
      concatLists found
    else if length (lib.unique found) == 1 then
      head found
    else
      throw "${at path} has several values";
  defined = sets: name: any (set: definitions set.${name} != [ ]) sets;

  # The values of a module's options under what a user sets.
  values =
    path: options: set:
    if isOf "option" options then
      if set == null then
        options.default or (throw "${at path} is not set")
      else if options.type.check set then
        set
      else
        throw "${at path} is no ${options.type.name} but ${typeOf set}"
    else
      let
        given = if set == null then { } else set;
        unknown = filter (name: !(options ? ${name})) (attrNames given);
      in
      if unknown != [ ] then
        throw "there is no option ${at (path ++ [ (head unknown) ])}"
      else
        builtins.mapAttrs (name: option: values (path ++ [ name ]) option (given.${name} or null)) options;

  type = name: check: { inherit name check; };

  lib = {
    inherit concatMap;
    unique = foldl' (seen: value: if elem value seen then seen else seen ++ [ value ]) [ ];
    isDerivation = value: value.type or null == "derivation";
    concatMapStringsSep =
      separator: change: list:
      concatStringsSep separator (map change list);
    hasPrefix = prefix: text: substring 0 (stringLength prefix) text == prefix;
    optional = condition: value: if condition then [ value ] else [ ];
    optionals = condition: list: if condition then list else [ ];
    optionalAttrs = condition: set: if condition then set else { };
    optionalString = condition: text: if condition then text else "";
    escapeShellArg = text: "'${builtins.replaceStrings [ "'" ] [ "'\\''" ] "${text}"}'";
    escapeShellArgs = lib.concatMapStringsSep " " lib.escapeShellArg;
    genAttrs =
      names: make:
      listToAttrs (
        map (name: {
          inherit name;
          value = make name;
        }) names
      );
    importTOML = file: builtins.fromTOML (builtins.readFile file);
    getExe = package: "${package}/bin/${package.meta.mainProgram}";
    licenses = {
      mit.spdxId = "MIT";
      asl20.spdxId = "Apache-2.0";
    };
    fileset = {
      unions = files: files;
      # What is missing, or is outside, is an error in nixpkgs too.
      toSource =
        { root, fileset }:
        let
          inside = file: lib.hasPrefix "${toString root}/" (toString file);
          wrong = filter (file: !(builtins.pathExists file && inside file)) fileset;
        in
        if wrong == [ ] then root else throw "${toString (head wrong)} is no file of the source";
    };

    mkIf = condition: content: {
      _type = "if";
      inherit condition content;
    };
    mkMerge = contents: {
      _type = "merge";
      inherit contents;
    };
    mkOption = option: option // { _type = "option"; };
    mkEnableOption =
      what:
      lib.mkOption {
        type = lib.types.bool;
        default = false;
        description = "Whether to enable ${what}.";
      };
    literalExpression = text: {
      _type = "literalExpression";
      inherit text;
    };
    types = {
      bool = type "boolean" isBool;
      str = type "string" isString;
      path = type "absolute path" (value: isPath value || isString value && lib.hasPrefix "/" value);
      package = type "package" (
        value: lib.isDerivation value || (isPath value || isString value) && lib.hasPrefix builtins.storeDir "${value}"
      );
      enum = allowed: type "one of ${builtins.toJSON allowed}" (value: elem value allowed);
      nullOr = inner: type "null or ${inner.name}" (value: value == null || inner.check value);
      listOf = inner: type "list of ${inner.name}" (value: isList value && all inner.check value);
    };

    # What a module makes of a user's settings, and the values of its options.
    evaluate =
      {
        module,
        settings,
        pkgs,
        system,
      }:
      let
        made = module {
          inherit lib pkgs;
          config = options // system;
        };
        options = values [ ] made.options settings;
      in
      {
        inherit options;
        config = merge [ ] [ made.config ];
      };
  };
in
lib
