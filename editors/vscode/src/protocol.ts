// Made from the types of the daemon: VX_UPDATE_DOCS=1 cargo test --lib daemon::types

/** A slot, with the fields of docs/clients/control.md. */
export type Work = { key: string, kind: string, state: string, standing: string, ended: boolean, slot: number, generation: number } & Record<string, unknown>;

export type VersionRange = {
/**
 * The oldest.
 */
min: number,
/**
 * The newest.
 */
max: number, };

export type Introduction = {
/**
 * The client's name.
 */
client: string,
/**
 * The versions of the protocol that it speaks.
 */
protocol: VersionRange, };

export type Introduced = {
/**
 * The version of the protocol that is spoken from now on.
 */
protocol: number,
/**
 * The version of the daemon's program.
 */
version: string,
/**
 * The daemon's process.
 */
process: number,
/**
 * The methods that it knows.
 */
methods: Array<string>,
/**
 * This user's boards, the newest first.
 */
boards: Array<BoardSummary>, };

export type BoardSummary = {
/**
 * Its file.
 */
path: string,
/**
 * Its identity, which no other board has.
 */
id: string,
/**
 * Its title.
 */
title: string,
/**
 * The state of its run; `abandoned` if its creator died without closing it.
 */
state: string, };

export type Resolve = {
/**
 * The name of a program or of a tool.
 */
runtime: string,
/**
 * Take the newest installed release that matches this version, whatever the project wants.
 */
version?: string | null,
/**
 * The directory, absolute.
 */
directory: string,
/**
 * The client's variables.
 */
variables: { [key in string]?: string }, };

export type Environ = {
/**
 * Only this tool.
 */
runtime?: string | null,
/**
 * The newest installed release of it that matches this version.
 */
version?: string | null,
/**
 * The directory, absolute.
 */
directory: string,
/**
 * The client's variables.
 */
variables: { [key in string]?: string }, };

export type ListVersions = {
/**
 * The tool.
 */
runtime: string,
/**
 * Only installed versions.
 */
installed: boolean,
/**
 * The project whose settings and lock count.
 */
directory?: string | null,
/**
 * The client's variables.
 */
variables: { [key in string]?: string }, };

export type InDirectory = {
/**
 * The project's directory or one below, absolute.
 */
directory: string,
/**
 * The client's variables.
 */
variables: { [key in string]?: string }, };

export type Sync = {
/**
 * The project's directory or one below, absolute.
 */
directory: string,
/**
 * Only these tools; all tools if empty.
 */
tools: Array<string>,
/**
 * The client's variables.
 */
variables: { [key in string]?: string }, };

export type OfRuntime = {
/**
 * The tool.
 */
runtime: string,
/**
 * Its version.
 */
version?: string | null,
/**
 * The project whose settings count, absolute; the home without it.
 */
directory?: string | null,
/**
 * The client's variables.
 */
variables: { [key in string]?: string }, };

export type Use = {
/**
 * The tool.
 */
runtime: string,
/**
 * The version request; without it the request that is declared already, else `latest`.
 */
version?: string | null,
/**
 * The project's directory or one below, absolute; the user's own file without it.
 */
directory?: string | null,
/**
 * The client's variables.
 */
variables: { [key in string]?: string }, };

export type Up = {
/**
 * The project's directory or one below, absolute.
 */
directory: string,
/**
 * Only these services; all that are not optional if empty.
 */
names: Array<string>,
/**
 * The client's variables.
 */
variables: { [key in string]?: string }, };

export type Since = {
/**
 * The daemon's life.
 */
generation: string,
/**
 * The number of the last event.
 */
seq: number, };

export type Subscribe = {
/**
 * The kinds of events to send.
 */
event_types: Array<EventType>,
/**
 * The directories whose files, and those above, are watched for `ConfigChanged`.
 */
directories: Array<string>,
/**
 * The last event that the client knows; the events after it are sent.
 */
since?: Since | null, };

export type Unsubscribe = {
/**
 * The subscription.
 */
subscription_id: number, };

export type Resolved = {
/**
 * Its file.
 */
executable: string,
/**
 * The version of its tool; null for a program of this system.
 */
version: string | null,
/**
 * The variables to run it with, `PATH` among them.
 */
env: { [key in string]?: string }, };

export type Environment = {
/**
 * The variables to set, `PATH` among them.
 */
env: { [key in string]?: string },
/**
 * The folders in front of `PATH`; with a `runtime` only the folders of that tool.
 */
path: Array<string>, };

export type Version = {
/**
 * The version.
 */
version: string,
/**
 * Whether it is in the store.
 */
installed: boolean,
/**
 * Whether the project's lock names it.
 */
locked: boolean, };

export type Versions = {
/**
 * The versions.
 */
versions: Array<Version>, };

export type Tool = {
/**
 * Its name.
 */
name: string,
/**
 * The requested version.
 */
wanted: string,
/**
 * The version in the lock.
 */
locked: string | null,
/**
 * The versions in the store.
 */
installed: Array<string>,
/**
 * Whether it is not installed as the project wants it.
 */
missing: boolean,
/**
 * Its line in the file, from 1; 0 for an inherited tool.
 */
line: number, };

export type Script = {
/**
 * Its name.
 */
name: string,
/**
 * Its command; empty if it only runs other scripts.
 */
command: string,
/**
 * Its purpose.
 */
description: string | null,
/**
 * The scripts that have to succeed first.
 */
after: Array<string>, };

export type Build = {
/**
 * Its key on the board.
 */
key: string,
/**
 * The word that people see.
 */
word: string,
/**
 * Its error.
 */
error: string | null, };

export type Service = {
/**
 * Its name.
 */
name: string,
/**
 * The word that people see; `not started` if it was never started.
 */
word: string,
/**
 * The state of its slot.
 */
state?: string | null,
/**
 * The standing of its slot.
 */
standing?: string | null,
/**
 * Its step.
 */
step?: string | null,
/**
 * Whether it can be used.
 */
ready: boolean,
/**
 * False if it counts as ready without any check, only because it has run for a while.
 */
checked?: boolean | null,
/**
 * Its address, once it can be used.
 */
url?: string | null,
/**
 * Its process.
 */
pid?: number | null,
/**
 * The number of its restarts.
 */
restarts?: number | null,
/**
 * One line about its state.
 */
message?: string | null,
/**
 * Its error.
 */
error?: string | null,
/**
 * The next step after the error.
 */
hint?: string | null,
/**
 * False if its supervisor was killed.
 */
supervised?: boolean | null,
/**
 * Its last build.
 */
build?: Build | null, };

export type Problem = {
/**
 * Its line, from 1.
 */
line: number,
/**
 * Its column in characters, from 1.
 */
column: number,
/**
 * Its length in characters.
 */
length: number,
/**
 * The problem as a text.
 */
message: string,
/**
 * How to correct it.
 */
advice: string | null,
/**
 * Whether it makes the file unusable.
 */
error: boolean, };

export type ProjectState = {
/**
 * Its `vx.toml`.
 */
file: string,
/**
 * The tools that it declares and inherits.
 */
tools: Array<Tool>,
/**
 * Its scripts.
 */
scripts: Array<Script>,
/**
 * Its services.
 */
services: Array<Service>,
/**
 * Errors and warnings about its file. With an error, nothing else is known about the project.
 */
problems: Array<Problem>,
/**
 * What waits for the user's consent; empty once that is given.
 */
waits_for_consent: Array<string>, };

export type Begun = {
/**
 * Its board; null if there was nothing to do.
 */
board: BoardSummary | null, };

export type EventType = "RuntimeInstalled" | "RuntimeRemoved" | "ConfigChanged" | "BoardOpened" | "BoardClosed" | "WorkChanged" | "Progress";

export type Release = {
/**
 * The tool.
 */
runtime: string,
/**
 * Its version.
 */
version: string, };

export type Changed = {
/**
 * The file, which may be gone.
 */
path: string, };

export type OnBoard = {
/**
 * The board's file.
 */
board: string,
/**
 * The board's identity.
 */
id: string,
/**
 * The slot, with the fields of `docs/clients/control.md`.
 */
work: Work, };

export type BoardWithWork = {
/**
 * Its slots.
 */
work: Array<Work>,
/**
 * Its file.
 */
path: string,
/**
 * Its identity, which no other board has.
 */
id: string,
/**
 * Its title.
 */
title: string,
/**
 * The state of its run; `abandoned` if its creator died without closing it.
 */
state: string, };

export type Snapshot = {
/**
 * The releases in the store.
 */
runtimes: Array<Release>,
/**
 * The boards of runs that are not over.
 */
boards: Array<BoardWithWork>, };

export type Subscribed = {
/**
 * Its number.
 */
subscription_id: number,
/**
 * The daemon's life.
 */
generation: string,
/**
 * The number of the last event before it.
 */
seq: number,
/**
 * Events since the named one were dropped: the client continues from the snapshot.
 */
resync: boolean,
/**
 * The whole state; null if the events since the named one follow.
 */
snapshot: Snapshot | null, };

export type DaemonEvent = { "event": "RuntimeInstalled", "data": Release } | { "event": "RuntimeRemoved", "data": Release } | { "event": "ConfigChanged", "data": Changed } | { "event": "BoardOpened", "data": BoardSummary } | { "event": "BoardClosed", "data": BoardSummary } | { "event": "WorkChanged", "data": OnBoard } | { "event": "Progress", "data": OnBoard } | { "event": "Resync", "data": Snapshot };

export type Told = {
/**
 * The subscription.
 */
subscription_id: number,
/**
 * The event's number.
 */
seq: number, } & ({ "event": "RuntimeInstalled", "data": Release } | { "event": "RuntimeRemoved", "data": Release } | { "event": "ConfigChanged", "data": Changed } | { "event": "BoardOpened", "data": BoardSummary } | { "event": "BoardClosed", "data": BoardSummary } | { "event": "WorkChanged", "data": OnBoard } | { "event": "Progress", "data": OnBoard } | { "event": "Resync", "data": Snapshot });

export type Pong = {
/**
 * Whole seconds since it began to listen.
 */
uptime_secs: number,
/**
 * The releases in the store.
 */
cached_runtimes: number, };

export type DaemonStatus = {
/**
 * The version of its program.
 */
version: string,
/**
 * The versions of the protocol that it speaks.
 */
protocol: VersionRange,
/**
 * Its process.
 */
process: number,
/**
 * Its clients, this one included.
 */
clients: number,
/**
 * Their subscriptions.
 */
subscriptions: number,
/**
 * The directories that are watched for them.
 */
watched: number,
/**
 * The last ends of daemons of this home, with their reasons, from the log.
 */
ends: Array<string>,
/**
 * Its memory, in bytes; null where the system does not say.
 */
rss_bytes: number | null,
/**
 * Whole seconds since it began to listen.
 */
uptime_secs: number,
/**
 * The releases in the store.
 */
cached_runtimes: number, };
