// Verdicts and gates: the one place that says whether a command, a path or an address may be used.

import { branded } from '../branded.ts'
import type { AgentPlan, Permissions, WorkspaceRoot } from '../plan/plan.ts'
import type { Programs } from './shell/programs.ts'

export type Decision = 'run' | 'ask' | 'refuse'

/** What people remembered in exec-approvals.json for one agent (its own and everyone's entries merged). */
export interface RememberedGrants {
  readonly allowed: readonly string[]
  readonly denied: readonly string[]
  /** The file can't be read, so nobody knows what was denied: what would ask is refused, with this sentence. */
  readonly problem?: string
}

export interface Verdict {
  readonly decision: Decision
  /** One sentence a person can act on. */
  readonly reason: string
  /** Which step decided: `hard-deny`, `deny`, `remembered-denied`, `allow`, `remembered-allowed`, `safe`, `mode`, `parse`, `sandbox`, `flow`. */
  readonly by: string
  /** Each simple command with its own verdict, for `claw permit`; absent when the text was not understood. */
  readonly parts?: readonly {
    readonly words: readonly string[]
    readonly decision: Decision
    readonly reason: string
    readonly by: string
  }[]
  /** Of a command that runs: what runs, one argv a simple command, in order, joiners and redirections left out. */
  readonly normalForm?: readonly (readonly string[])[]
  /** The same as the text that is run in place of the command as it was written; absent: its exact bytes are. */
  readonly script?: string
  /** Grants that "always" would save: one a part; empty when none may be saved. */
  readonly grants?: readonly string[]
}

export interface ShellPolicy extends Pick<Permissions, 'mode' | 'allow' | 'deny'> {
  readonly remembered: RememberedGrants
  /** Whether the command would run in a working sandbox, and what `askInSandbox` and `sandbox` say. */
  readonly sandboxed: boolean
  readonly sandbox: AgentPlan['sandbox']
  readonly askInSandbox: 'always' | 'never'
  /** The engine's own files that no command may name: settings, grants, state. Absolute. */
  readonly protectedPaths: readonly string[]
  /** Working folder, absolute. */
  readonly cwd: string
  /** Folders the agent may use; the first is its workspace. */
  readonly roots: readonly WorkspaceRoot[]
  /** Which programs a name means. */
  readonly programs: Programs
  /** What `~` stands for. */
  readonly home: string
}

/** One file that a command names. */
export interface BoundFile {
  /** As the command names it. */
  readonly name: string
  /** Of its content; `absent`: there was none. */
  readonly digest: string
}

/** Folders as they were at one moment. */
export interface WorkspaceSnapshot {
  /** Absolute; the first is the working folder. */
  readonly roots: readonly string[]
  /** The path and mark of each entry, deflated, in base64. */
  readonly entries: string
  /** Why not all of it is watched, as a clause; absent: all of it is. */
  readonly unwatched?: string
}

/** What a person approves is a call with the files it would work on, as they were when it was asked about. */
export interface ApprovalBinding {
  /** All that lies in the workspace; absent: the tool touches no files. */
  readonly workspace?: WorkspaceSnapshot
  /** Files that a command names, wherever they lie. */
  readonly files?: readonly BoundFile[]
}

/** Thrown by a gate; the message is a sentence for the model and the audit log. */
export class GateError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'GateError'
  }
}
branded(GateError, 'GateError')

/** @throws GateError */
export const refuse = (message: string): never => {
  throw new GateError(message)
}

/** Every path a tool takes goes through here. Opens first, then checks where the handle really is. @throws GateError */
export interface PathGate {
  /** `changedMs`: when the file's entry last changed. */
  readText(
    path: unknown,
    options?: { maxBytes?: number },
  ): Promise<{ text: string; truncated: boolean; bytes: number; changedMs?: number }>
  /** @throws GateError also when the file is larger than `maxBytes` */
  readBytes(path: unknown, options: { maxBytes: number }): Promise<Buffer>
  writeText(path: unknown, content: string): Promise<{ path: string; bytes: number; created: boolean }>
  /** A file that is not there yet; null: there is one of this name. */
  writeNew(path: unknown, content: Buffer): Promise<{ path: string; bytes: number } | null>
  /** Working folder, absolute; made when absent. */
  readonly cwd: string
}

export interface FetchedPage {
  readonly url: string
  readonly status: number
  readonly contentType: string
  readonly body: Buffer
  readonly truncated: boolean
}

/** Every URL a tool takes goes through here: resolved, classified, connected to the checked address, each redirect again. @throws GateError */
export interface NetworkGate {
  /**
   * Where an address leads, for programs that make their own requests: they connect to one of `addresses` and nowhere else.
   * `hosts`: the globs that such a program is held to as well; one without a glob may be of this machine or a private network.
   */
  check(url: unknown, options?: { hosts?: readonly string[] }): Promise<{ url: URL; addresses: readonly string[] }>
  fetch(
    url: unknown,
    options?: {
      method?: 'GET' | 'POST'
      headers?: Record<string, string>
      body?: string
      maxBytes?: number
      timeoutMs?: number
      accept?: readonly string[]
      signal?: AbortSignal
      /** The owner's configuration names this address, not a model: private ones and any host are fine. Where it redirects elsewhere, that is checked. */
      configured?: true
    },
  ): Promise<FetchedPage>
}

export interface ShellResult {
  readonly output: string
  /** null: killed. */
  readonly exitCode: number | null
  readonly timedOut: boolean
  readonly truncatedBytes: number
  readonly sandboxed: boolean
}

/** Runs the exact bytes that were checked, by a bare bash. */
export interface ShellRunner {
  run(
    command: string,
    options: {
      signal: AbortSignal
      timeoutMs?: number
      maxBytes?: number
      /** The last thing before the program starts; throws to keep it from starting. */
      lastLook?: () => Promise<void>
    },
  ): Promise<ShellResult>
}
