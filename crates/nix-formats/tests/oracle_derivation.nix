# Derivations of every kind that Nix can make, and a generated graph of them; read by oracle_derivation.rs.
{ input }:
let
  base = { system = "x86_64-linux"; builder = "/bin/sh"; };
  drv = attrs: derivation (base // attrs);
  ca = { __contentAddressed = true; outputHashMode = "recursive"; outputHashAlgo = "sha256"; };
  fixed = name: outputHashMode: outputHash: drv { inherit name outputHashMode outputHash; outputHashAlgo = null; };
  hashed = algo: builtins.convertHash {
    hash = builtins.hashString algo "contents"; hashAlgo = algo; toHashFormat = "sri";
  };

  plain = drv { name = "plain"; };
  many = drv { name = "many-1.0"; outputs = [ "out" "dev" "lib" "doc" "a-b" "x_y" ]; };
  text = builtins.toFile "text" "a text";
  mention = builtins.toFile "mention" "it mentions ${text}";
  file = builtins.path { path = ./oracle_derivation.nix; name = "file"; };
  flat = builtins.path { path = ./oracle_derivation.nix; name = "flat"; recursive = false; };
  floating = drv ({ name = "floating"; outputs = [ "out" "bin" ]; } // ca);
  flatFloating = drv (ca // { name = "flat-floating"; outputHashMode = "flat"; outputHashAlgo = "sha512"; });
  gitFloating = drv (ca // { name = "git-floating"; outputHashMode = "git"; outputHashAlgo = "sha1"; });
  maker = drv (ca // { name = "made.drv"; outputHashMode = "text"; });
  made = builtins.outputOf maker.outPath "out";
  impure = drv { name = "impure"; __impure = true; outputHashMode = "recursive"; outputHashAlgo = "sha256"; };
  deferred = drv { name = "deferred"; a = floating; b = floating.bin; c = plain; };
  source = fixed "source" "recursive" (hashed "sha256");
  otherSource = drv {
    name = "source"; builder = "/bin/other"; outputHashMode = "nar"; outputHash = hashed "sha256"; outputHashAlgo = null;
  };

  hand = {
    inherit plain many floating flatFloating gitFloating maker impure deferred source otherSource;
    uses = drv { name = "uses"; inherit many; dev = many.dev; inherit text mention file flat; args = [ plain many.lib ]; };
    subpath = drv { name = "subpath"; builder = "${plain}/bin/sh"; args = [ "${file}" "${many.doc}/share" ]; };
    twoSources = drv { name = "two-sources"; inherit source otherSource; };
    split = drv {
      name = "split";
      a = (drv { name = "middle"; outputs = [ "out" "dev" ]; inherit source; }).out;
      b = (drv { name = "middle"; outputs = [ "out" "dev" ]; source = otherSource; }).dev;
    };
    deepDrv = drv { name = "deep-drv"; closure = hand.uses.drvPath; };
    onlyDrv = drv { name = "only-drv"; file = builtins.unsafeDiscardOutputDependency hand.uses.drvPath; };
    fixedFlat256 = fixed "fixed.tar.gz" "flat" (hashed "sha256");
    fixedFlat512 = fixed "fixed-512.tar.gz" "flat" (hashed "sha512");
    fixedFlat1 = fixed "fixed-1" "flat" (hashed "sha1");
    fixedFlat5 = fixed "fixed-5" "flat" (hashed "md5");
    fixedTree1 = fixed "fixed-tree-1" "recursive" (hashed "sha1");
    fixedTree512 = fixed "fixed-tree-512" "recursive" (hashed "sha512");
    fixedTree5 = fixed "fixed-tree-5" "recursive" (hashed "md5");
    fixedText = fixed "fixed-text" "text" (hashed "sha256");
    fixedGit = fixed "fixed-git" "git" (hashed "sha1");
    fixedInputs = drv {
      name = "fixed-inputs"; outputHash = hashed "sha256"; outputHashAlgo = null; outputHashMode = "flat"; inherit plain deferred;
    };
    usesFixed = drv { name = "uses-fixed"; inherit (hand) fixedFlat256 fixedTree512 fixedText fixedGit fixedInputs; };
    dynamic = drv { name = "dynamic"; inherit made; };
    dynamicDeep = drv { name = "dynamic-deep"; deep = builtins.outputOf made "dev"; inherit made maker plain; };
    usesDynamic = drv { name = "uses-dynamic"; input = hand.dynamic; };
    usesImpure = drv { name = "uses-impure"; __impure = true; inherit impure; outputHashMode = "flat"; outputHashAlgo = "sha1"; };
    usesDeferred = drv { name = "uses-deferred"; inherit deferred; };
    floatingUses = drv (ca // { name = "floating-uses"; inherit floating deferred plain; });
    builtin = drv {
      name = "fetched"; system = "builtin"; builder = "builtin:fetchurl"; url = "https://localhost/a"; urls = [ "a" "b" ];
      outputHash = hashed "sha256"; outputHashAlgo = null; preferLocalBuild = true; impureEnvVars = [ "http_proxy" ];
    };
    texts = drv {
      name = "texts"; quotes = "\"\\\"'"; lines = "a\nb\r\nc\td\n"; ends = "\\"; all = input.characters; empty = ""; unicode = "äß日本🦀";
      dollar = "$" + "{x} \${y} `z`"; args = [ "" "\n" "\"" "\\n" "-c" "a\nb" ]; "key with \"blanks\"\n" = "1"; "Ünicode" = "2"; "" = "no name";
      number = 1; negative = -7; float = 1.5; true = true; false = false; null = null; list = [ 1 [ "a" [ ] "b" ] true ]; path = ./oracle_derivation.nix;
    };
    builderText = drv { name = "builder-text"; builder = "a \"b\"\nc"; };
    ignoreNulls = drv { name = "ignore-nulls"; __ignoreNulls = true; gone = null; there = "1"; };
    bytes = drv { name = "bytes"; raw = builtins.readFile input.bytes; };
    structured = drv {
      name = "structured"; __structuredAttrs = true; outputs = [ "out" "dev" ]; inherit plain many text;
      nested = { list = [ 1 2.5 { a = null; b = true; } [ ] { } ]; "strange \"key\"\n" = "\\\"\n\t\r\b"; lib = many.lib; };
      characters = input.characters; unicode = "äß日本🦀"; ints = [ 0 (-1) 9223372036854775807 (-9223372036854775807) ];
      inherit (input) floats; outputChecks.out.maxSize = 100; exportReferencesGraph.graph = [ plain ];
      patches = [ (builtins.toFile "CVE-2021-1.patch" "") ]; pname = "structured"; version = "1.0";
    };
    structuredFixed = drv {
      name = "structured-fixed"; __structuredAttrs = true; outputHash = hashed "sha256"; url = "https://a/b";
    };
    structuredFloating = drv (ca // { name = "structured-floating"; __structuredAttrs = true; inherit floating plain; });
    options = drv {
      name = "options"; passAsFile = [ "script" ]; script = "#!/bin/sh\n"; allowedReferences = [ "out" plain ]; allowSubstitutes = false;
      exportReferencesGraph = [ "graph" many ]; requiredSystemFeatures = [ "kvm" ]; __noChroot = true; disallowedRequisites = [ file ];
    };
    longName = drv { name = builtins.concatStringsSep "" (builtins.genList (_: "n") 200); outputs = [ "out" "d" ]; };
  };

  # Each node may use the outputs of those before it.
  node = made: n:
    let
      use = u: let d = builtins.elemAt made (builtins.elemAt u 0); os = d.outputs or [ "out" ]; in
        d.${builtins.elemAt os (builtins.elemAt u 1 - builtins.elemAt u 1 / builtins.length os * builtins.length os)};
    in drv (n.attrs // {
      inherit (n) name;
      inputs = map use n.uses;
    });
in builtins.attrValues hand ++ builtins.foldl' (made: n: made ++ [ (node made n) ]) [ ] input.nodes
