// claw skill list | show NAME | install PATH|npm:NAME|git:URL | remove NAME: what stands under skills/ beside the configuration.
// Installing copies text: it runs nothing and gives no agent the skill, which only the configuration does.

import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { nearest } from '../config/suggest.ts'
import { EXIT, messageOf } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import { fetchSkill, parseSource } from '../skills/fetch.ts'
import { installSkill } from '../skills/install.ts'
import { loadSkill } from '../skills/load.ts'
import { whereabouts } from './client.ts'
import { type Io, notFound, paint, printJson, usage, type Verb } from './io.ts'
import { printTable, terminalText } from './table.ts'

interface Listed {
  readonly name: string
  readonly folder: string
  /** Ids of the agents that have it. */
  readonly agents: readonly string[]
  /** What is wrong with it, if something is. */
  readonly problem?: string
}

export const run: Verb = async (args, options, io) => {
  const [action = 'list', subject, ...more] = args
  const { plan } = await whereabouts(options, io)
  const skills = join(dirname(options.config), 'skills')
  const json = options.format === 'json'
  if (action === 'list' && subject === undefined) return list(await installed(skills, plan), json, io)
  if (!['list', 'show', 'install', 'remove'].includes(action))
    return usage(io, `skill has no "${action}"; it has list, show NAME, install PATH|npm:NAME|git:URL and remove NAME`)
  if (action === 'list' || subject === undefined || subject === '' || more.length > 0)
    return usage(io, 'say claw skill list | show NAME | install PATH|npm:NAME|git:URL | remove NAME')
  if (action === 'install') return install(subject, skills, json, io)
  const all = await installed(skills, plan)
  const found = all.find(({ name }) => name === subject)
  if (found === undefined) {
    const near = nearest(
      subject,
      all.map(({ name }) => name),
    )
    return notFound(io, `there is no skill "${subject}" in ${skills}${near === undefined ? '' : `; did you mean "${near}"?`}`)
  }
  return action === 'show' ? show(found, json, io) : remove(found, json, io)
}

async function installed(skills: string, plan: Plan | null): Promise<readonly Listed[]> {
  const entries = await readdir(skills, { withFileTypes: true }).catch(() => [])
  const names = entries.filter((entry) => !entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name)
  return await Promise.all(
    names.sort().map(async (name) => {
      const folder = join(skills, name)
      const { problem } = await loadSkill(folder)
      const having = [...(plan?.agents.values() ?? [])].filter((agent) => agent.skills.some((skill) => skill.folder === folder))
      return { name, folder, agents: having.map(({ id }) => id), ...(problem !== undefined && { problem }) }
    }),
  )
}

function list(skills: readonly Listed[], json: boolean, io: Io): number {
  if (json) printJson(io, { skills })
  else if (skills.length === 0) io.out('No skill is installed. claw skill install PATH|npm:NAME|git:URL\n')
  else
    printTable(
      io,
      ['skill', 'agents', ''],
      skills.map(({ name, agents, problem }) => [name, agents.join(', ') || 'none', problem ?? '']),
    )
  return EXIT.ok
}

async function show({ name, folder, agents }: Listed, json: boolean, io: Io): Promise<number> {
  const { skill, problem } = await loadSkill(folder)
  if (skill === undefined) {
    io.err(`claw: ${problem}\n`)
    return EXIT.invalid
  }
  if (json) printJson(io, { name, folder, agents, text: skill.text })
  else io.out(`${terminalText(skill.text)}\n`)
  return EXIT.ok
}

async function install(from: string, skills: string, json: boolean, io: Io): Promise<number> {
  const source = parseSource(from)
  if (typeof source === 'string') return usage(io, source)
  const temporary = await mkdtemp(join(tmpdir(), 'claw-skill-'))
  try {
    const fetched = await fetchSkill(source, temporary, io)
    const { skill } = await loadSkill(join(skills, fetched.name), fetched.folder)
    const { name, folder } = await installSkill(fetched.folder, skill?.name ?? fetched.name, skills)
    if (json) printJson(io, { name, folder })
    else {
      io.out(`${paint(io, 'green', 'installed')} ${name} in ${folder}\n`)
      io.out(`Read it: claw skill show ${name}. Then give it to an agent: skills: [${name}]\n`)
    }
    return EXIT.ok
  } catch (error) {
    io.err(`claw: ${from} was not installed: ${messageOf(error)}\n`)
    return EXIT.invalid
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

async function remove({ name, folder, agents }: Listed, json: boolean, io: Io): Promise<number> {
  if (agents.length > 0) {
    io.err(
      `claw: ${agents.join(', ')} ${agents.length === 1 ? 'has' : 'have'} the skill ${name}; take it from \`skills\` first\n`,
    )
    return EXIT.invalid
  }
  await rm(folder, { recursive: true, force: true })
  if (json) printJson(io, { removed: name })
  else io.out(`removed ${name}\n`)
  return EXIT.ok
}
