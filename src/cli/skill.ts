// claw skill list | show NAME | install NAME|PATH|npm:NAME|git:URL | update [NAME] | remove NAME: what is in skills/ beside the configuration.
// Installing copies text: it runs nothing and gives no agent the skill, which only the configuration does.

import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { nearest } from '../config/suggest.ts'
import { EXIT, messageOf } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import { bundledSkills } from '../skills/bundled.ts'
import { fetchSkill, parseSource } from '../skills/fetch.ts'
import { installSkill } from '../skills/install.ts'
import { loadSkill } from '../skills/load.ts'
import { digestOfFolder, lockSkill, readSkillsLock, type SkillsLock } from '../skills/lock.ts'
import { whereabouts } from './client.ts'
import { type Io, notFound, paint, printJson, usage, type Verb } from './io.ts'
import { printTable, terminalText } from './table.ts'

interface Listed {
  readonly name: string
  readonly folder: string
  /** Ids of the agents that have it. */
  readonly agents: readonly string[]
  /** Where it was installed from. */
  readonly source?: string
  /** Its files are not as they were installed. */
  readonly edited?: true
  /** What is wrong with it, if something is. */
  readonly problem?: string
}

const ACTIONS = 'list, show NAME, install NAME|PATH|npm:NAME|git:URL, update [NAME] and remove NAME'

export const run: Verb = async (args, options, io) => {
  const [action = 'list', subject, ...more] = args
  const { plan } = await whereabouts(options, io)
  const root = dirname(options.config)
  const skills = join(root, 'skills')
  const json = options.format === 'json'
  if (action === 'update') return await update(subject, root, json, io)
  if (action === 'list' && subject === undefined) return list(await installed(skills, plan), json, io)
  if (!['list', 'show', 'install', 'remove'].includes(action)) return usage(io, `skill has no "${action}"; it has ${ACTIONS}`)
  if (action === 'list' || subject === undefined || subject === '' || more.length > 0)
    return usage(io, `say claw skill ${ACTIONS}`)
  if (action === 'install') return install(subject, root, json, io)
  const all = await installed(skills, plan)
  const found = all.find(({ name }) => name === subject)
  if (found === undefined) {
    const near = nearest(
      subject,
      all.map(({ name }) => name),
    )
    return notFound(io, `there is no skill "${subject}" in ${skills}${near === undefined ? '' : `; did you mean "${near}"?`}`)
  }
  return action === 'show' ? show(found, json, io) : remove(found, root, json, io)
}

async function installed(skills: string, plan: Plan | null): Promise<readonly Listed[]> {
  const entries = await readdir(skills, { withFileTypes: true }).catch(() => [])
  const lock = await readSkillsLock(dirname(skills)).catch((): SkillsLock => ({}))
  const names = entries.filter((entry) => !entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name)
  return await Promise.all(
    names.sort().map(async (name) => {
      const folder = join(skills, name)
      const { problem } = await loadSkill(folder)
      const having = [...(plan?.agents.values() ?? [])].filter((agent) => agent.skills.some((skill) => skill.folder === folder))
      const locked = lock[name]
      const edited = locked !== undefined && (await digestOfFolder(folder).catch(() => '')) !== locked.digest
      return {
        name,
        folder,
        agents: having.map(({ id }) => id),
        ...(locked !== undefined && { source: locked.source }),
        ...(edited && { edited }),
        ...(problem !== undefined && { problem }),
      }
    }),
  )
}

function list(skills: readonly Listed[], json: boolean, io: Io): number {
  if (json) printJson(io, { skills })
  else if (skills.length === 0)
    io.out(`No skill is installed. claw skill install PATH|npm:NAME|git:URL; ${bundledSkills().join(', ')} ship and need none\n`)
  else
    printTable(
      io,
      ['skill', 'agents', 'from', ''],
      skills.map(({ name, agents, source = '', edited, problem }) => [
        name,
        agents.join(', ') || 'none',
        source,
        problem ?? (edited === true ? 'edited since' : ''),
      ]),
    )
  return EXIT.ok
}

async function show({ name, folder, agents }: Listed, json: boolean, io: Io): Promise<number> {
  const { skill, problem } = await loadSkill(folder)
  if (skill === undefined) {
    io.err(`claw: ${problem}\n`)
    return EXIT.invalid
  }
  const { description, text } = skill
  if (json) printJson(io, { name, folder, agents, description, text })
  else io.out(`${terminalText([description, text].filter((part) => part !== '').join('\n\n'))}\n`)
  return EXIT.ok
}

async function install(from: string, root: string, json: boolean, io: Io): Promise<number> {
  const source = parseSource(from)
  if (typeof source === 'string') return usage(io, source)
  try {
    const { name, folder } = await copyFrom(from, root, io)
    if (json) printJson(io, { name, folder })
    else {
      io.out(`${paint(io, 'green', 'installed')} ${name} in ${folder}\n`)
      io.out(`Read it: claw skill show ${name}. Then give it to an agent: skills: [${name}]\n`)
    }
    return EXIT.ok
  } catch (error) {
    io.err(`claw: ${from} was not installed: ${messageOf(error)}\n`)
    return EXIT.invalid
  }
}

interface Copied {
  readonly name: string
  readonly folder: string
  readonly digest: string
}

/** `replaces`: the name of the skill that is installed from there already. @throws Error with a sentence */
async function copyFrom(from: string, root: string, io: Io, replaces?: string): Promise<Copied> {
  const source = parseSource(from)
  if (typeof source === 'string') throw new Error(source)
  const skills = join(root, 'skills')
  const temporary = await mkdtemp(join(tmpdir(), 'claw-skill-'))
  try {
    // What was a path from where it was installed is one from the configuration's folder.
    const fetched = await fetchSkill(source, temporary, replaces === undefined ? io : { cwd: root, env: io.env })
    const { skill } = await loadSkill(join(skills, fetched.name), fetched.folder)
    const name = replaces ?? skill?.name ?? fetched.name
    const installed = await installSkill(fetched.folder, name, skills, { replace: replaces !== undefined })
    const digest = await digestOfFolder(installed.folder)
    const kept =
      source.kind === 'path' ? `./${relative(root, resolve(replaces === undefined ? io.cwd : root, source.place))}` : from
    await lockSkill(root, name, { source: kept, digest })
    return { ...installed, digest }
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

/** Takes skills again from where they came; those that were edited here are left alone. */
async function update(only: string | undefined, root: string, json: boolean, io: Io): Promise<number> {
  const lock = await readSkillsLock(root)
  const names = only === undefined ? Object.keys(lock) : [only]
  const results: { name: string; result: 'same' | 'updated' | 'edited' | 'failed'; problem?: string }[] = []
  for (const name of names) {
    const locked = lock[name]
    if (locked === undefined) return notFound(io, `there is no installed skill "${name}"; claw skill list shows them`)
    try {
      if ((await digestOfFolder(join(root, 'skills', name))) !== locked.digest) results.push({ name, result: 'edited' })
      else {
        const { digest } = await copyFrom(locked.source, root, io, name)
        results.push({ name, result: digest === locked.digest ? 'same' : 'updated' })
      }
    } catch (error) {
      results.push({ name, result: 'failed', problem: messageOf(error) })
    }
  }
  if (json) printJson(io, { skills: results })
  else
    for (const { name, result, problem } of results)
      (problem === undefined ? io.out : io.err)(`${name}: ${WORDS[result]}${problem === undefined ? '' : `: ${problem}`}\n`)
  return results.some(({ result }) => result === 'failed') ? EXIT.invalid : EXIT.ok
}

const WORDS = {
  same: 'as it is there',
  updated: 'updated',
  edited: 'edited here since it was installed, so it is left alone',
  failed: 'not updated',
} as const

async function remove({ name, folder, agents }: Listed, root: string, json: boolean, io: Io): Promise<number> {
  if (agents.length > 0) {
    io.err(
      `claw: ${agents.join(', ')} ${agents.length === 1 ? 'has' : 'have'} the skill ${name}; take it from \`skills\` first\n`,
    )
    return EXIT.invalid
  }
  await rm(folder, { recursive: true, force: true })
  if (name in (await readSkillsLock(root))) await lockSkill(root, name, undefined)
  if (json) printJson(io, { removed: name })
  else io.out(`removed ${name}\n`)
  return EXIT.ok
}
