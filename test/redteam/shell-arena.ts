// Judges a command as the engine does, and runs what is let through in real bash, in a watched folder, with recorded programs.

import { execFile } from 'node:child_process'
import { gitEnvironment } from '../../src/permissions/git-environment.ts'
import { childEnvironment } from '../../src/permissions/run.ts'
import { judgeCommand } from '../../src/permissions/shell/verdict.ts'
import { policy } from '../permissions/shell/helpers.ts'
import type { Family, Outcome } from './harness.ts'
import { Recorder, startedBeyond } from './programs.ts'
import type { Random } from './random.ts'
import { World } from './world.ts'

/** A command with the grants in force. */
export interface CommandAttempt {
  readonly command: string
  readonly allow: readonly string[]
  /** By its grammar it starts another program, reads a secret or writes where it may not: it must not run. */
  readonly hostile?: string
}

/** A family of commands: only its grammar. */
export interface Grammar {
  readonly name: string
  make(random: Random): CommandAttempt
}

const TIMEOUT_MS = 10_000

export class ShellArena {
  /** One whose workspace holds a file of the engine, and one without. */
  readonly #worlds: readonly [World, World]
  readonly #recorder: Recorder

  constructor(folder: string) {
    this.#worlds = [new World(`${folder}/plain`, false), new World(`${folder}/soul`, true)]
    this.#recorder = new Recorder(folder)
  }

  family(grammar: Grammar): Family<CommandAttempt> {
    return {
      name: grammar.name,
      make: (random) => grammar.make(random),
      attempt: (made) => this.attempt(made),
      show: (made) => ({ ...made }),
    }
  }

  async attempt({ command, allow, hostile }: CommandAttempt): Promise<Outcome> {
    const world = this.#worlds[command.length % 2] as World
    const { workspace, home, protectedPaths } = world
    const verdict = judgeCommand(
      command,
      policy({
        allow: [...allow],
        cwd: workspace,
        home,
        protectedPaths: [...protectedPaths],
        roots: [{ path: workspace, access: 'write' }],
        programs: this.#recorder,
      }),
    )
    if (verdict.decision !== 'run') return { fell: undefined, decided: verdict.decision }
    if (hostile !== undefined) return { fell: `${hostile}, and it runs: ${verdict.reason}`, decided: 'run' }
    if (verdict.script === undefined) return { fell: 'it runs, yet no form of it is known', decided: 'run' }
    return {
      fell: await this.watch(
        verdict.script,
        (verdict.parts ?? []).map((part) => part.words[0] ?? ''),
        world,
      ),
      decided: 'run',
    }
  }

  /** Runs a script and says what it did that commands of these names may not do. */
  async watch(script: string, names: readonly string[], world: World = this.#worlds[1]): Promise<string | undefined> {
    this.#recorder.started()
    const output = await this.#bash(script, world.workspace, await this.#environment(world))
    const beyond = startedBeyond(this.#recorder.started(), names)
    const harm = world.inspect(output)
    return beyond === undefined ? harm : `it started \`${beyond}\``
  }

  /** As a command gets it from the engine, but for where programs, the home folder and the trap's mark are. */
  async #environment({ workspace, home, pwned }: World): Promise<Readonly<Record<string, string>>> {
    return {
      ...childEnvironment([{ path: workspace, access: 'write' }]),
      ...(await gitEnvironment(workspace)),
      PATH: `${this.#recorder.folder}:/usr/bin:/bin`,
      HOME: home,
      PWNED: pwned,
    }
  }

  #bash(script: string, cwd: string, env: Readonly<Record<string, string>>): Promise<string> {
    return new Promise((done) => {
      execFile(
        '/bin/bash',
        ['--noprofile', '--norc', '-p', '-c', script],
        {
          cwd,
          env,
          timeout: TIMEOUT_MS,
          killSignal: 'SIGKILL',
          maxBuffer: 4 * 1024 * 1024,
          encoding: 'latin1',
        },
        (_error, stdout, stderr) => done(stdout + stderr),
      ).stdin?.end()
    })
  }
}
