//! The scheduler at work: it looks, begins what is due, and waits for what runs.

use std::collections::BTreeSet;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use common::Error;
use host::files::FileError;
use records::{Pauses, Reason, ScheduleState, Trigger};
use store::{Change, Document, Grant, Lease};

use super::due_runs::{after_cycles, by_the_clock};
use super::job::{Job, has_ended_since, in_order, is_held, perform};
use super::memory::{Memory, is_lost};
use super::next::next_runs;
use super::one_scheduler::{acquire_lease, another_scheduler};
use super::status::record_status;
use super::triggers::{cycles, scheduled_triggers};
use crate::context::Context;
use crate::schedule_settings::ScheduleSettings;
use crate::supervise::{LastRuns, RunResult};
use host::signals::Signals;
use host::threads;

/// The longest time between two looks: a clock that was set, a cycle that was logged and a manifest that was edited are seen
/// after it.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// How often the memory is written although nothing has happened.
const WRITE_EVERY: TimeDelta = TimeDelta::minutes(5);

/// How long a run may take to get from being claimed to being started.
const STARTING: TimeDelta = TimeDelta::minutes(1);

/// What wakes the scheduler.
enum Event {
    Ended(Job, RunResult),
    Signal,
}

/// Runs what is due, once; returns what became of it.
///
/// # Errors
/// The configuration is wrong, what a look needs cannot be read, or another scheduler has its look for seconds.
pub fn tick(context: &Arc<Context<'_>>) -> Result<Vec<RunResult>, Error> {
    let settings = ScheduleSettings::of(context)?;
    context.store.prepare()?;
    // Only the look is made alone: a long run must not keep the next tick from its own.
    let granted = acquire_lease(context, Duration::from_secs(5))?;
    let mut scheduler = Scheduler::new(settings, Arc::clone(context));
    let looked = scheduler.look();
    scheduler.release(granted);
    looked?;
    if scheduler.unwritten.is_some() && !scheduler.waiting.is_empty() {
        // Each tick would start it again.
        return Err(Error::failed("what is due cannot be recorded, so nothing is started", "").with_code(2));
    }
    scheduler.work(None)
}

/// Stays in the foreground and runs what is due, until a signal comes.
///
/// # Errors
/// The configuration is wrong, or another scheduler is running.
pub fn run(context: Context<'_>) -> Result<(), Error> {
    let context = Arc::new(context);
    let settings = ScheduleSettings::of(&context)?;
    context.store.prepare()?;
    let granted = acquire_lease(&context, Duration::ZERO)?;
    context.say(&format!("[timmy] Scheduling {} (pid {})", context.repo().root().display(), std::process::id()));
    let mut scheduler = Scheduler::new(settings, context);
    scheduler.work(Some(granted))?;
    scheduler.context.say("[timmy] Scheduler ended");
    Ok(())
}

/// The scheduler.
struct Scheduler<'h> {
    settings: ScheduleSettings,
    context: Arc<Context<'h>>,
    /// Due, and not begun yet.
    waiting: Vec<Job>,
    running: BTreeSet<String>,
    /// What is remembered, when it could not be written.
    unwritten: Option<ScheduleState>,
    last_written: Option<DateTime<Utc>>,
    all: Vec<RunResult>,
}

impl<'h> Scheduler<'h> {
    fn new(settings: ScheduleSettings, context: Arc<Context<'h>>) -> Self {
        Self {
            settings,
            context,
            waiting: Vec::new(),
            running: BTreeSet::new(),
            unwritten: None,
            last_written: None,
            all: Vec::new(),
        }
    }

    /// Begins what is due and waits for it; with a lease, looks again and again, until a signal comes or the lease is lost.
    /// Returns what became of the runs.
    fn work(&mut self, mut lease: Option<Grant<File>>) -> Result<Vec<RunResult>, Error> {
        let (for_ever, mut is_lost) = (lease.is_some(), false);
        let (sender, events) = channel();
        let on_signal = sender.clone();
        let signals = Signals::watch_and(move || drop(on_signal.send(Event::Signal)))
            .map_err(Error::caused("cannot wait for signals"))?;
        let kill = AtomicBool::new(false);
        thread::scope(|scope| {
            let mut stop_by: Option<Instant> = None;
            loop {
                if signals.have_come() && stop_by.is_none() {
                    stop_by = Some(Instant::now() + self.settings.stop_timeout);
                    if !self.running.is_empty() {
                        self.context.note(&format!("stopping; waiting for {}", self.names_of_running()));
                    }
                }
                if for_ever && stop_by.is_none() && !self.keep(&mut lease) {
                    is_lost = true;
                    stop_by = Some(Instant::now() + self.settings.stop_timeout);
                }
                if stop_by.is_none() {
                    if for_ever {
                        self.reload();
                        if let Err(error) = self.look() {
                            self.context.warn(&format!("{error}: nothing is started before the next look"));
                        }
                    }
                    self.begin(scope, &sender, &kill);
                }
                let is_over = if for_ever { stop_by.is_some() } else { stop_by.is_some() || self.waiting.is_empty() };
                if self.running.is_empty() && is_over {
                    break;
                }
                let patience = match stop_by {
                    Some(deadline) => deadline.saturating_duration_since(Instant::now()),
                    None if for_ever => self.until_next_look(),
                    None => LOOK_EVERY,
                };
                self.take(&events, patience);
                let is_urgent = signals.count() > 1 || stop_by.is_some_and(|deadline| Instant::now() >= deadline);
                if is_urgent && !kill.swap(true, Ordering::Relaxed) {
                    self.context.note(&format!("ending {}", self.names_of_running()));
                }
            }
        });
        if let (false, Some(signal)) = (for_ever, signals.number()) {
            self.context.host.end_by_signal(signal);
        }
        if let Some(granted) = lease {
            self.release(granted);
        }
        if is_lost { Err(another_scheduler(&self.context)) } else { Ok(std::mem::take(&mut self.all)) }
    }

    /// Keeps the lease: where its file was removed, it is acquired again, unless another scheduler was quicker. Returns whether
    /// this scheduler may go on, which it does where the lease cannot be acquired for another reason: the next call tries again.
    fn keep(&self, lease: &mut Option<Grant<File>>) -> bool {
        let file = self.context.store.scheduler_lease();
        if lease.as_ref().is_some_and(|granted| file.renew(granted).unwrap_or(true)) {
            return true;
        }
        // What is still held of the old one would be in the way if it is the same file after all: not every file system keeps
        // the number of an inode.
        drop(lease.take());
        match file.acquire() {
            Ok(granted) => *lease = granted,
            Err(error) => {
                self.context.warn(&format!("{error}; the scheduler goes on without its lock"));
                return true;
            }
        }
        lease.is_some()
    }

    /// Gives the lease back. Where that fails it ends with the process: what was found to be due is run all the same.
    fn release(&self, granted: Grant<File>) {
        if let Err(error) = self.context.store.scheduler_lease().release(granted) {
            self.context.warn(&error.to_string());
        }
    }

    fn names_of_running(&self) -> String {
        self.running.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// Waits for the next event.
    fn take(&mut self, events: &Receiver<Event>, patience: Duration) {
        // While something is being ended for good, its end is all that is waited for.
        let patience = patience.max(Duration::from_millis(20));
        if let Ok(Event::Ended(job, result)) = events.recv_timeout(patience) {
            self.running.remove(&job.id);
            let detail = result.detail.as_deref().map_or(String::new(), |detail| format!(" ({detail})"));
            self.context.say(&format!("[timmy] {} for {}: {}{detail}", job.id, job.trigger, result.reason));
            // One that was ended before its time, or that the system did not start, is begun once more by a later look.
            if !matches!(result.reason, Reason::Stopped | Reason::NotStarted) {
                let noted = self.change_state(|_, state, _| {
                    state.end(&job.id, &job.trigger);
                    true
                });
                if let Err(error) = noted {
                    self.context.warn(&format!("{error}: the end of {} is not recorded", job.id));
                }
            }
            self.all.push(result);
        }
    }

    fn until_next_look(&self) -> Duration {
        let now = self.context.host.now();
        // What is due and was not started waits for the next look.
        let times = next_runs(&self.context).into_iter().flatten().filter_map(|next| next.at);
        let next = times.filter(|at| *at > now).min();
        next.and_then(|at| (at - now).to_std().ok()).map_or(LOOK_EVERY, |length| length.min(LOOK_EVERY))
    }

    /// Reads the configuration again; one that is broken is reported, and the last good one stays in effect.
    fn reload(&mut self) {
        let Context { host, toolset, store, args, .. } = &*self.context;
        let reloaded = Context::open_in(host, *toolset, store.repo().clone(), args)
            .and_then(|context| Ok((ScheduleSettings::of(&context)?, context)));
        match reloaded {
            Ok((settings, context)) => (self.settings, self.context) = (settings, Arc::new(context)),
            Err(error) => self.context.warn(&format!("{error}; the previous configuration stays in effect")),
        }
    }

    /// Begins waiting jobs, as many as may run at once, each after those that it depends on.
    fn begin<'scope>(&mut self, scope: &'scope Scope<'scope, '_>, sender: &Sender<Event>, kill: &'scope AtomicBool)
    where
        'h: 'scope,
    {
        let mut place = 0;
        while let Some(job) = self.waiting.get(place).filter(|_| self.running.len() < self.settings.parallel) {
            let depends_on =
                self.context.manifest.entry(&job.id).map(|entry| entry.depends_on.clone()).unwrap_or_default();
            let is_held_up = depends_on.iter().any(|other| {
                self.running.contains(other) || self.waiting.iter().any(|job| job.id == *other && *other != job.id)
            });
            if is_held_up && !self.running.is_empty() {
                place += 1;
                continue;
            }
            let job = self.waiting.remove(place);
            let before = LastRuns::read(&self.context);
            let lacking = depends_on.into_iter().find(|other| !before.ended_well(other));
            self.running.insert(job.id.clone());
            let run = {
                let (context, sender) = (Arc::clone(&self.context), sender.clone());
                move |job: Job, lacking| {
                    let result = perform(&context, &job, lacking, kill);
                    let _ = sender.send(Event::Ended(job, result));
                }
            };
            let in_thread = (run.clone(), job.clone(), lacking.clone());
            if threads::start_in(scope, move || in_thread.0(in_thread.1, in_thread.2)).is_err() {
                // Where there is no further thread the others wait for this run.
                run(job, lacking);
            }
        }
    }

    /// Finds what is due, and records that it was looked for. What may be paused, or may have been started already, is not due.
    fn look(&mut self) -> Result<(), FileError> {
        let (now, pauses) = (self.context.host.now(), self.context.pauses()?);
        self.change_state(|scheduler, state, is_lost| {
            if is_lost {
                scheduler.context.warn(&format!(
                    "{}: what was looked at is lost; the last run of each automation counts as its last look",
                    scheduler.context.shown(scheduler.context.store.schedule().path())
                ));
            }
            let memory = Memory::new(&scheduler.context, &pauses, is_lost);
            let mut jobs = scheduler.interrupted(state, now);
            let mut is_news = !jobs.is_empty();
            scheduler.add_due(state, (&pauses, &memory), now, &mut jobs, &mut is_news);
            scheduler.waiting.extend(in_order(&scheduler.context, &jobs));
            let is_old = scheduler.last_written.is_none_or(|written| (now - written).abs() >= WRITE_EVERY);
            is_news || is_old
        })?;
        record_status(&self.context);
        Ok(())
    }

    /// Adds the jobs of all triggers that are due.
    fn add_due(
        &self,
        state: &mut ScheduleState,
        (pauses, memory): (&Pauses, &Memory<'_>),
        now: DateTime<Utc>,
        jobs: &mut Vec<Job>,
        is_news: &mut bool,
    ) {
        let context = &*self.context;
        let mut count = None;
        for listed in context.manifest.listed() {
            let triggers = scheduled_triggers(context, listed);
            if triggers.is_empty() {
                continue;
            }
            let timing = match self.settings.timing(context, listed) {
                Ok(timing) => timing,
                Err(error) => {
                    context.warn(&format!("{}: {error}", listed.entry.id));
                    continue;
                }
            };
            let is_on = listed.entry.enabled && pauses.in_effect(&listed.entry.id, now).is_none();
            for trigger in triggers {
                let (id, name) = (&listed.entry.id, trigger.to_string());
                let slot = state.slot(id, &name);
                let before = slot.clone();
                let found = if let Trigger::EveryCycles(every) = trigger {
                    let Some(count) = *count.get_or_insert_with(|| self.cycles()) else { continue };
                    after_cycles(slot, every, count)
                } else {
                    by_the_clock(context, listed, memory, slot, &trigger, timing, is_on)
                };
                *is_news |= found.is_news;
                let Some(of) = found.due.filter(|_| is_on) else { continue };
                let is_running =
                    self.running.contains(id) || self.waiting.iter().chain(&*jobs).any(|job| job.id == *id);
                match if is_running { Ok(true) } else { is_held(context, id) } {
                    Ok(false) => {
                        slot.begin(&of, now);
                        jobs.push(Job { id: id.clone(), trigger: name });
                    }
                    Ok(true) => context.note(&format!(
                        "{id} is due for {name}, and still running or waiting: {}",
                        Reason::AlreadyRunning
                    )),
                    // It stays due.
                    Err(error) => {
                        *slot = before;
                        context
                            .warn(&format!("{error}: {id} may be running, so it is not started before the next look"));
                    }
                }
            }
        }
    }

    /// How many cycles the log has, where that can be read.
    fn cycles(&self) -> Option<u64> {
        let warn = |error| self.context.warn(&format!("{error}: nothing that runs after cycles is started"));
        cycles(&self.context).map_err(warn).ok()
    }

    /// Finds runs that were begun by a scheduler that is gone: ended meanwhile, still running, or to be begun once more.
    fn interrupted(&self, state: &mut ScheduleState, now: DateTime<Utc>) -> Vec<Job> {
        let mut jobs = Vec::new();
        for (id, trigger, begun_at) in state.begun() {
            let is_ours = self.running.contains(&id) || self.waiting.iter().any(|job| job.id == id);
            let is_starting = begun_at <= now && now - begun_at < STARTING;
            if is_ours || is_starting {
                continue;
            }
            match is_held(&self.context, &id) {
                Ok(false) => {}
                Ok(true) => continue,
                Err(error) => {
                    self.context.warn(&format!("{error}: {id} counts as running until the next look"));
                    continue;
                }
            }
            let entry = self.context.manifest.entry(&id).filter(|entry| entry.enabled);
            let again = state.slot(&id, &trigger).to_be_repeated().filter(|_| entry.is_some());
            match again.filter(|_| !has_ended_since(&self.context, &id, begun_at)) {
                Some(of) => {
                    self.context.note(&format!("{id} for {trigger} was interrupted; it is started again"));
                    state.slot(&id, &trigger).begin(&of, now);
                    jobs.push(Job { id, trigger });
                }
                None => state.end(&id, &trigger),
            }
        }
        jobs
    }

    /// Changes the state in one step; `change` gets it, and whether what it was is lost, and returns whether it is worth writing. Where it cannot be written it is kept here,
    /// and work goes on.
    ///
    /// # Errors
    /// The state cannot be read, and nothing is kept here: nothing is changed.
    fn change_state(
        &mut self,
        change: impl FnOnce(&mut Self, &mut ScheduleState, bool) -> bool,
    ) -> Result<(), FileError> {
        let (file, mut change) = (self.context.store.schedule(), Some(change));
        let written = file.update(|state, found| -> Result<Change<bool>, FileError> {
            let Some(change) = change.take() else { return Ok(Change::Keep(false)) };
            let is_worth_it = self.apply(change, state, is_lost(found));
            Ok(Change::write_if(is_worth_it, is_worth_it))
        });
        let error = match written {
            Ok(is_written) => {
                if is_written {
                    self.unwritten = None;
                    self.last_written = Some(self.context.host.now());
                }
                return Ok(());
            }
            Err(error) => error,
        };
        if let Some(change) = change {
            let Some(mut state) = self.unwritten.take() else { return Err(error) };
            self.apply(change, &mut state, false);
            self.unwritten = Some(state);
        }
        self.context.warn(&format!("the schedule cannot be written: {error}"));
        Ok(())
    }

    /// Applies a change to the state, or to what of it could not be written; returns whether it is worth writing.
    fn apply(
        &mut self,
        change: impl FnOnce(&mut Self, &mut ScheduleState, bool) -> bool,
        state: &mut ScheduleState,
        is_lost: bool,
    ) -> bool {
        let unwritten = self.unwritten.take();
        let was_unwritten = unwritten.is_some();
        if let Some(unwritten) = unwritten {
            *state = unwritten;
        }
        state.version = ScheduleState::default().version;
        let is_worth_it = change(self, state, is_lost && !was_unwritten) || was_unwritten;
        if is_worth_it {
            self.unwritten = Some(state.clone());
        }
        is_worth_it
    }
}
