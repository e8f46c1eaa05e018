//! All steps, those first that others need.

mod error;

pub use error::BuildError;

use crate::key;
use crate::object::Object;
use crate::sandbox::{self, SandboxHelper, SandboxTask, TaskOutcome};
use crate::seed;
use crate::sources::{self, SourceOrigin, UnpackLimits};
use crate::steps::{InputOrigin, Plan, SourceArchive, Step};
use crate::store::{StepResult, Store};
use files::{FileError, remove_tree};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Permissions};
use std::io::{self, Read as _, Seek as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};
use terminal::{Progress, Silent, Unit};

/// How to build.
#[derive(Debug, Clone)]
pub struct BuildOptions {
    /// How the sandbox is started.
    pub helper: SandboxHelper,
    /// Where sources may come from, in the order in which they are tried.
    pub origins: Vec<SourceOrigin>,
    /// How many steps may run at a time.
    pub jobs: usize,
    /// Whether outputs may be without pins.
    pub unpinned: bool,
}

/// Outputs of all steps, by the step's name.
pub type BuildResults = BTreeMap<String, StepResult>;

#[derive(Debug)]
struct State<'a> {
    results: BuildResults,
    taken: BTreeSet<&'a str>,
    error: Option<BuildError>,
}

/// Builds a plan in a store.
#[derive(Debug)]
pub struct Builder<'a> {
    plan: &'a Plan,
    store: &'a Store,
    options: &'a BuildOptions,
    /// What origins are that are not outputs of steps: each is looked at once.
    origins: Mutex<BTreeMap<InputOrigin, Object>>,
}

impl<'a> Builder<'a> {
    /// Begins nothing yet.
    pub fn new(plan: &'a Plan, store: &'a Store, options: &'a BuildOptions) -> Self {
        Self { plan, store, options, origins: Mutex::default() }
    }

    /// Builds all steps. The first error ends it, when the steps that run already are done.
    ///
    /// `progress` is shown the steps that run, and a line for each that is done.
    pub fn build(&self, progress: &dyn Progress) -> Result<BuildResults, BuildError> {
        let state = Mutex::new(State { results: BuildResults::new(), taken: BTreeSet::new(), error: None });
        let progress = StepProgress { progress, running: Mutex::default() };
        progress.progress.start("steps", Some(self.plan.steps.len() as u64), Unit::Items);
        let changed = Condvar::new();
        std::thread::scope(|scope| {
            for _ in 0..self.options.jobs.clamp(1, self.plan.steps.len().max(1)) {
                scope.spawn(|| self.work(&state, &changed, &progress));
            }
        });
        progress.progress.finish();
        let state = state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.error.map_or(Ok(state.results), Err)
    }

    /// Runs one step, with another object as one of its inputs. `results` are those of the steps
    /// that it needs; pins are not asked.
    pub fn run_with(
        &self,
        step: &Step,
        results: &BuildResults,
        (input, object): (&str, Object),
    ) -> Result<StepResult, BuildError> {
        let mut inputs = self.inputs(step, results)?;
        inputs.insert(input.to_owned(), object);
        self.run(step, &inputs)
    }

    /// Opens a shell where a step would run: with its inputs, its environment, an empty `/build`
    /// and an empty `/out`. `busybox` is a static busybox of the host. What is made there is gone
    /// afterwards.
    pub fn shell(
        &self,
        step: &Step,
        results: &BuildResults,
        busybox: &Path,
    ) -> Result<TaskOutcome, BuildError> {
        let inputs = self.inputs(step, results)?;
        let (work, mut task) = self.task(step, &inputs)?;
        task.shell = Some(busybox.to_owned());
        task.run = vec![["/busybox", "sh"].map(str::to_owned).into()];
        let outcome = sandbox::run_in_terminal(&self.options.helper, &task, &work.join("task"))
            .map_err(|source| BuildError::Sandbox { step: step.name.clone(), log: None, source })?;
        remove_tree(&work).map_err(BuildError::file(step))?;
        Ok(outcome)
    }

    /// One thread: takes a step whose inputs are there, until none is left.
    fn work(&self, state: &Mutex<State<'a>>, changed: &Condvar, progress: &StepProgress<'_>) {
        let mut locked = state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if locked.error.is_some() || locked.taken.len() == self.plan.steps.len() {
                return;
            }
            let ready = |step: &&Step| {
                let there = |origin: &InputOrigin| match origin {
                    InputOrigin::Step { step, .. } => locked.results.contains_key(step),
                    _ => true,
                };
                !locked.taken.contains(step.name.as_str()) && step.inputs.values().all(there)
            };
            let Some(step) = self.plan.steps.iter().find(ready) else {
                locked = changed.wait(locked).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            locked.taken.insert(&step.name);
            let known: BTreeMap<String, StepResult> = locked.results.clone();
            drop(locked);
            let done = self.step(step, &known, progress);
            locked = state.lock().unwrap_or_else(PoisonError::into_inner);
            match done {
                Ok(result) => {
                    locked.results.insert(step.name.clone(), result);
                }
                Err(error) => locked.error = locked.error.take().or(Some(error)),
            }
            changed.notify_all();
        }
    }

    fn step(
        &self,
        step: &Step,
        results: &BuildResults,
        progress: &StepProgress<'_>,
    ) -> Result<StepResult, BuildError> {
        let inputs = self.inputs(step, results)?;
        let key = key::of(step, &inputs);
        if let Some(result) = self.store.result(key)? {
            self.check_pins(step, &result)?;
            progress.finished(step, &result, true);
            return Ok(result);
        }
        progress.started(step);
        let result = self.run(step, &inputs)?;
        self.check_pins(step, &result)?;
        self.store.put_result(key, &result)?;
        progress.finished(step, &result, false);
        Ok(result)
    }

    /// All inputs of a step, in the store.
    fn inputs(&self, step: &Step, results: &BuildResults) -> Result<BTreeMap<String, Object>, BuildError> {
        let mut inputs = BTreeMap::new();
        for (name, origin) in &step.inputs {
            if let Some(object) = self.input(step, origin, results)? {
                inputs.insert(name.clone(), object);
            }
        }
        Ok(inputs)
    }

    /// The object that an input of a step is, in the store.
    pub(crate) fn input(
        &self,
        step: &Step,
        origin: &InputOrigin,
        results: &BuildResults,
    ) -> Result<Option<Object>, BuildError> {
        // The plan was checked: the step is there and has this output.
        if let InputOrigin::Step { step, output } = origin {
            return Ok(results.get(step).and_then(|result| result.outputs.get(output)).copied());
        }
        // Held while it is looked at, so that two threads do not unpack the same.
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(object) = origins.get(origin) {
            return Ok(Some(*object));
        }
        let object = match origin {
            InputOrigin::Seed => {
                self.store.put_program(&seed::read(&self.plan.folder.join("seed/seed.hex0"))?)?
            }
            InputOrigin::File(path) => self.store.put_copy(&self.plan.folder.join(path))?,
            InputOrigin::Source(name) | InputOrigin::Unpacked { source: name, .. } => {
                let Some(source) = self.plan.sources.get(name) else { return Ok(None) };
                let archive = sources::fetch(self.store, source, &self.options.origins, &Silent)?;
                match origin {
                    InputOrigin::Unpacked { path, .. } => self.unpack(step, source, &archive, path)?,
                    _ => self.store.put_copy(&archive)?,
                }
            }
            InputOrigin::Step { .. } => return Ok(None),
        };
        origins.insert(origin.clone(), object);
        Ok(Some(object))
    }

    /// A part of an archive, in the store. It is unpacked once.
    fn unpack(
        &self,
        step: &Step,
        source: &SourceArchive,
        archive: &Path,
        path: &Path,
    ) -> Result<Object, BuildError> {
        let key = key::of_unpacked(source.sha256, path);
        if let Some(object) = self.store.unpacked(key)? {
            return Ok(object);
        }
        let begun = Instant::now();
        let work = self.store.work(&source.name)?;
        let tree = work.join("tree");
        make_folder(&tree).map_err(BuildError::file(step))?;
        sources::unpack(archive, &tree, UnpackLimits::default())?;
        let part = tree.join(path);
        if part.symlink_metadata().is_err() {
            let (step, source_name, path) = (step.name.clone(), source.name.clone(), path.to_owned());
            return Err(BuildError::MissingPart { step, source_name, path });
        }
        let object = self.store.put(&part)?;
        remove_tree(&work).map_err(BuildError::file(step))?;
        self.store.put_unpacked(key, object, milliseconds(begun.elapsed()))?;
        Ok(object)
    }

    /// What a step needs to run: a new folder for its work, and the task.
    fn task(
        &self,
        step: &Step,
        inputs: &BTreeMap<String, Object>,
    ) -> Result<(PathBuf, SandboxTask), BuildError> {
        let work = self.store.work(&step.name)?;
        if files::forbids_programs(&work).map_err(BuildError::file(step))? {
            return Err(BuildError::NoPrograms { store: self.store.folder().to_owned() });
        }
        let [root, out, build] = ["root", "out", "build"].map(|name| work.join(name));
        for folder in [&root, &out, &build] {
            make_folder(folder).map_err(BuildError::file(step))?;
        }
        // What a step leaves in them is nobody else's, also where the step fails and it stays.
        fs::set_permissions(&work, Permissions::from_mode(0o700))
            .map_err(FileError::on("close", &work))
            .map_err(BuildError::file(step))?;
        let task = SandboxTask {
            root,
            inputs: inputs.iter().map(|(name, object)| (name.clone(), self.store.path(object))).collect(),
            out,
            build,
            proc: step.proc,
            shell: None,
            arch: step.arch,
            limits: step.limits.clone(),
            run: step.run.clone(),
            environment: sandbox::environment(&step.environment),
        };
        Ok((work, task))
    }

    fn run(&self, step: &Step, inputs: &BTreeMap<String, Object>) -> Result<StepResult, BuildError> {
        let (work, task) = self.task(step, inputs)?;
        let path = self.store.log(&step.name);
        let log =
            File::create(&path).map_err(FileError::on("write", &path)).map_err(BuildError::file(step))?;
        let begun = Instant::now();
        let outcome = sandbox::run(&self.options.helper, &task, &log).map_err(|source| {
            let (step, log) = (step.name.clone(), Some(path.clone()));
            BuildError::Sandbox { step, log, source }
        })?;
        let took = begun.elapsed();
        let name = |command: usize| step.run.get(command).map(|argv| argv.join(" ")).unwrap_or_default();
        match outcome {
            TaskOutcome::Done => {}
            TaskOutcome::Limited { command, limit } => {
                let (step, file) = (step.name.clone(), step.file.clone());
                return Err(BuildError::Limited { step, command: name(command), limit, log: path, file });
            }
            TaskOutcome::Failed { command, how } => {
                return Err(BuildError::Failed {
                    step: step.name.clone(),
                    command: name(command),
                    how,
                    last: last_lines(&path),
                    log: path,
                });
            }
        }
        let outputs = self.take_outputs(step, &task.out)?;
        remove_tree(&work).map_err(BuildError::file(step))?;
        Ok(StepResult { outputs, milliseconds: milliseconds(took) })
    }

    /// Moves what a step has left into the store. None of its programs runs any more.
    fn take_outputs(&self, step: &Step, out: &Path) -> Result<BTreeMap<String, Object>, BuildError> {
        // The step may have closed it.
        let opened = fs::set_permissions(out, Permissions::from_mode(0o700));
        opened.map_err(FileError::on("open", out)).map_err(BuildError::file(step))?;
        let mut outputs = BTreeMap::new();
        for output in step.outputs.keys() {
            let (step, output, path) = (step.name.clone(), output.clone(), out.join(output));
            match path.symlink_metadata() {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(BuildError::Missing { step, output });
                }
                Err(error) => {
                    return Err(BuildError::File { step, source: FileError::new("read", &path, error) });
                }
            }
            // It is read again at its place: nothing may have changed it while it was hashed.
            let taken = self.store.put(&path).and_then(|object| self.store.get(&object).map(|_| object));
            let object = taken.map_err(|source| BuildError::Output {
                step,
                output: output.clone(),
                source: source.into(),
            })?;
            outputs.insert(output, object);
        }
        let mut left =
            fs::read_dir(out).map_err(FileError::on("list", out)).map_err(BuildError::file(step))?;
        if let Some(Ok(entry)) = left.next() {
            return Err(BuildError::Surplus { step: step.name.clone(), path: entry.file_name().into() });
        }
        Ok(outputs)
    }

    fn check_pins(&self, step: &Step, result: &StepResult) -> Result<(), BuildError> {
        for (output, pin) in &step.outputs {
            let Some(object) = result.outputs.get(output) else {
                return Err(BuildError::Missing { step: step.name.clone(), output: output.clone() });
            };
            let (step, output, found) = (&step.name, output.clone(), object.sha256);
            match pin {
                Some(pin) if *pin != found => {
                    return Err(BuildError::Pin { step: step.clone(), output, found, pin: *pin });
                }
                None if !self.options.unpinned => {
                    let file = self.plan.step(step).map(|step| step.file.clone()).unwrap_or_default();
                    return Err(BuildError::Unpinned { step: step.clone(), output, found, file });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Which steps run, for people who watch, and a line for each that is done.
struct StepProgress<'a> {
    progress: &'a dyn Progress,
    running: Mutex<Vec<String>>,
}

impl StepProgress<'_> {
    fn started(&self, step: &Step) {
        self.change(|running| running.push(step.name.clone()));
    }

    fn finished(&self, step: &Step, result: &StepResult, known: bool) {
        self.change(|running| running.retain(|name| *name != step.name));
        let took = Duration::from_millis(result.milliseconds).as_secs_f64();
        let how = if known { "known".to_owned() } else { format!("{took:.2} s") };
        self.progress.message(&format!("{:<12} {how:>8}  {}", step.name, step.summary));
        self.progress.advance(1);
    }

    fn change(&self, change: impl FnOnce(&mut Vec<String>)) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut running);
        self.progress.status(&running.join(", "));
    }
}

fn make_folder(path: &Path) -> Result<(), FileError> {
    fs::create_dir(path).map_err(FileError::on("make", path))
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// How much of the end of a log is looked at for its last lines, in bytes.
const LOG_END: u64 = 16 * 1024;

/// The last lines of a log. What a program prints is not for the terminal to obey.
fn last_lines(path: &Path) -> Vec<String> {
    let read = || {
        let mut file = File::open(path)?;
        let begin = file.metadata()?.len().saturating_sub(LOG_END);
        file.seek(io::SeekFrom::Start(begin))?;
        let mut bytes = Vec::new();
        file.take(LOG_END).read_to_end(&mut bytes)?;
        Ok::<_, io::Error>(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(10)).map(|line| terminal::clean(line)).collect()
}
