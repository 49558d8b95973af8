// `claw doctor`: looks at this machine, the files and the keys, and says what to fix.

import { existsSync } from 'node:fs'
import { readFile, stat, statfs, unlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { EXIT, messageOf } from '../errors.ts'
import { endNotice, knownModel } from '../models/known-models.ts'
import { fixedPath, SHELL_NAME, shellProgram } from '../permissions/run.ts'
import { createSandbox } from '../permissions/sandbox.ts'
import { usesOf } from '../plan/model-uses.ts'
import type { Plan } from '../plan/plan.ts'
import { withPlugins } from '../plugins/registry.ts'
import type { Registry } from '../registry.ts'
import { storageFailure } from '../storage/embedded/failures.ts'
import { traitsOf } from '../tools/port.ts'
import { type Options, paint, printJson, type Verb, type VerbIo } from './io.ts'

type Status = 'ok' | 'warning' | 'problem'
interface Check {
  readonly name: string
  readonly status: Status
  readonly message: string
}

const ok = (name: string, message: string): Check => ({ name, status: 'ok', message })
const warning = (name: string, message: string): Check => ({ name, status: 'warning', message })
const problem = (name: string, message: string): Check => ({ name, status: 'problem', message })

export const run: Verb = async (_args, options, io) => {
  const checks: Check[] = [...programs(), ...(await sandbox(null, io.registry))]
  const plan = await configuration(options, io, checks)
  if (plan !== null) {
    checks.push(
      ...(await sandbox(plan, withPlugins(io.registry, plan.plugins))).slice(1),
      ...(await files(plan, options)),
      ...(await port(plan)),
      ...keys(plan),
      ...lastDays(plan),
      ...(await browserOf(plan)),
    )
    checks.push(...(await remembered(plan)))
  }
  const healthy = !checks.some((check) => check.status === 'problem')
  if (options.format === 'json') printJson(io, { ok: healthy, checks })
  else {
    const colors = { ok: 'green', warning: 'yellow', problem: 'red' } as const
    const width = Math.max(...checks.map((check) => check.name.length))
    for (const { name, status, message } of checks)
      io.out(`${paint(io, colors[status], status.padEnd(7))} ${name.padEnd(width)}  ${message}\n`)
  }
  return healthy ? EXIT.ok : EXIT.invalid
}

function programs(): Check[] {
  const shell = shellProgram()
  const folders = fixedPath([]).split(':')
  const at = (program: string): string | undefined =>
    folders.map((folder) => join(folder, program)).find((path) => existsSync(path))
  return [
    ok('node', process.version),
    shell === undefined ? problem(SHELL_NAME, `${SHELL_NAME} is missing; no command can run.`) : ok(SHELL_NAME, shell),
    ...['git', 'rg'].map((program) => {
      const found = at(program)
      return found === undefined ? warning(program, `${program} is missing; commands that use it will fail.`) : ok(program, found)
    }),
  ]
}

async function sandbox(plan: Plan | null, registry: Registry): Promise<Check[]> {
  const box = createSandbox()
  const why = await box.problem()
  const runners = registry.tools.filter((tool) => traitsOf(tool).runs).map(({ name }) => name)
  const shells = [...(plan?.agents.values() ?? [])].filter(({ tools }) => runners.some((name) => tools.includes(name)))
  const first =
    why === undefined
      ? ok('sandbox', `${box.kind} works.`)
      : warning('sandbox', `${why} Commands run on the machine itself, as the engine’s user.`)
  return [
    first,
    ...shells.flatMap((agent): Check[] => {
      const name = `agent ${agent.id}`
      if (agent.sandbox === 'off') return [warning(name, 'sandbox: off; its commands run on the machine itself.')]
      if (why !== undefined)
        return agent.sandbox === 'required'
          ? [problem(name, 'sandbox: required, and none works here: its commands are refused.')]
          : [warning(name, 'sandbox: auto, and none works here: its commands run on the machine itself.')]
      if (agent.network.length > 0 && box.proxyAt === undefined)
        return [warning(name, '`network` lists hosts, which this sandbox cannot enforce: its commands have no network.')]
      return [ok(name, `sandbox: ${agent.sandbox}; its commands run inside ${box.kind}.`)]
    }),
  ]
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

async function configuration(options: Options, io: VerbIo, checks: Check[]): Promise<Plan | null> {
  if (!existsSync(options.config)) {
    checks.push(problem('configuration', `There is no ${options.config}; \`claw init\` writes one.`))
    return null
  }
  const { loadPlan } = await import('../config/load-plan.ts')
  const { plan, diagnostics } = await loadPlan(options.config, { registry: io.registry, env: io.env })
  const count = (severity: string): number => diagnostics.filter((one) => one.severity === severity).length
  checks.push(
    plan === null
      ? problem('configuration', `It has ${counted(count('error'), 'error')}; \`claw validate\` shows them.`)
      : count('warning') > 0
        ? warning('configuration', `It is valid, with ${counted(count('warning'), 'warning')}; \`claw validate\` shows them.`)
        : ok('configuration', 'It is valid.'),
  )
  for (const one of diagnostics) if (one.code === 'CLAW009') checks.push(warning('secret', one.message))
  return plan
}

/** Others on this machine should read neither state nor secrets. */
async function files(plan: Plan, options: Options): Promise<Check[]> {
  const checks: Check[] = []
  const look = async (name: string, path: string): Promise<void> => {
    const info = await stat(path).catch(() => undefined)
    if (info === undefined) return
    const open = info.mode & 0o077
    if (open === 0) checks.push(ok(name, `${path} is for its owner alone.`))
    else
      checks.push(
        warning(name, `Others on this machine can reach ${path}; run: chmod ${info.isDirectory() ? '700' : '600'} ${path}`),
      )
  }
  if (existsSync(plan.stateDir)) {
    await look('state folder', plan.stateDir)
    checks.push(await writable(plan.stateDir))
    checks.push(await freeSpace(plan.stateDir))
  } else checks.push(ok('state folder', `${plan.stateDir} does not exist yet; it is made for its owner alone.`))
  for (const name of ['gateway.json', 'exec-approvals.json', 'audit.jsonl', 'state.db'])
    await look(name, join(plan.stateDir, name))
  await look('.env', join(dirname(options.config), '.env'))
  return checks
}

/** By writing: rights alone do not tell of read-only disks and quotas. */
async function writable(folder: string): Promise<Check> {
  const probe = join(folder, `.doctor-${process.pid}`)
  try {
    await writeFile(probe, 'x', { mode: 0o600 })
    await unlink(probe)
    return ok('state folder', `${folder} can be written.`)
  } catch (error) {
    await unlink(probe).catch(() => {})
    return problem('state folder', storageFailure(error, folder).message)
  }
}

/** Under this the engine may not be able to store what people write. */
const LOW_SPACE_BYTES = 100 * 1024 * 1024

async function freeSpace(folder: string): Promise<Check> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  const words = `${Math.floor(free / 1024 / 1024)} MB are free on its disk.`
  return free < LOW_SPACE_BYTES ? problem('disk', `Only ${words}`) : ok('disk', words)
}

async function port(plan: Plan): Promise<Check[]> {
  const { host, port: number } = plan.gateway
  if (number === 0) return [ok('port', 'Any free port is taken at the start.')]
  const failure = await new Promise<NodeJS.ErrnoException | null>((done) => {
    const server = createServer()
    server.once('error', done)
    server.listen(number, host, () => server.close(() => done(null)))
  })
  if (failure === null) return [ok('port', `${host}:${number} is free.`)]
  if (failure.code === 'EADDRINUSE' && (await ownGateway(plan)))
    return [ok('port', `${host}:${number} is held by the running engine.`)]
  return [
    problem(
      'port',
      failure.code === 'EADDRINUSE'
        ? `${host}:${number} is in use by another program; change gateway.port.`
        : `${host}:${number} cannot be opened: ${messageOf(failure)}`,
    ),
  ]
}

async function ownGateway(plan: Plan): Promise<boolean> {
  try {
    const { pid, port: used } = JSON.parse(await readFile(join(plan.stateDir, 'gateway.json'), 'utf8')) as {
      pid: number
      port: number
    }
    process.kill(pid, 0)
    return used === plan.gateway.port
  } catch {
    return false
  }
}

function keys(plan: Plan): Check[] {
  const used = new Set([...plan.agents.values()].flatMap((agent) => [agent.model, ...agent.fallbacks].map((ref) => ref.provider)))
  return [...used].flatMap((id): Check[] => {
    const spec = plan.models.get(id)
    if (spec === undefined || spec.traits?.keyless === true) return []
    return spec.apiKey?.isSet === true
      ? [ok(`key ${id}`, 'It is set.')]
      : [warning(`key ${id}`, 'No key is set; agents answer by their `offline` model, or not at all.')]
  })
}

/** Where an agent has the browser: whether one is there, and in what way it runs. */
async function browserOf(plan: Plan): Promise<Check[]> {
  if (![...plan.agents.values()].some(({ tools }) => tools.includes('browser'))) return []
  if (plan.browser?.endpoint !== undefined)
    return [ok('browser', `It is reached at ${plan.browser.endpoint}; nothing is started.`)]
  const { installedChromium, needsNoSandbox } = await import('../tools/browser/launch.ts')
  const executable = plan.browser?.executable ?? installedChromium()
  if (executable === undefined || !existsSync(executable))
    return [problem('browser', `There is no ${executable ?? 'Chromium'}; install one, or set \`browser: { executable }\`.`)]
  if (!needsNoSandbox()) return [ok('browser', executable)]
  const why = 'claw runs as root, so Chromium runs without its sandbox (--no-sandbox): a page that breaks out of it is root.'
  return [warning('browser', `${executable}; ${why} Run claw as another user.`)]
}

/** Models that have ended, or end soon, with where they are named. */
function lastDays(plan: Plan): Check[] {
  const refs = [...plan.agents.values()].flatMap(({ model, fallbacks, offline, compaction }) => [
    model,
    ...fallbacks,
    ...[offline, compaction.model].filter((ref) => ref !== undefined),
  ])
  const names = new Map(refs.map((ref) => [`${ref.provider}/${ref.model}`, ref]))
  return [...names].flatMap(([name, ref]) => {
    const known = knownModel(plan.models.get(ref.provider)?.provider ?? '', ref.model)
    const notice = known === undefined ? null : endNotice(known, ref.model, Date.now())
    if (notice === null) return []
    return [warning(`model ${name}`, `${notice.message} ${notice.hint} It stands under ${usesOf(plan, name).join(', ')}.`)]
  })
}

async function remembered(plan: Plan): Promise<Check[]> {
  const { createApprovalsFile } = await import('../permissions/approvals-file.ts')
  const [{ ANCHOR_KEY, readHead }, { verifyAudit }] = await Promise.all([
    import('../permissions/audit.ts'),
    import('../permissions/audit-verify.ts'),
  ])
  const { readStoredKey } = await import('../storage/embedded/read-outside.ts')
  const checks: Check[] = []
  const damage = await createApprovalsFile(join(plan.stateDir, 'exec-approvals.json')).problem()
  if (damage !== undefined) checks.push(problem('approvals', damage))
  const log = join(plan.stateDir, 'audit.jsonl')
  const head = anchor(() => readHead(readStoredKey(plan.stateDir, ANCHOR_KEY)))
  if ('damage' in head) checks.push(problem('database', head.damage))
  else if (existsSync(log)) {
    const report = await verifyAudit(log, head.value)
    checks.push(
      report.ok
        ? ok('audit', `${report.lines} lines, whole.`)
        : problem('audit', 'The audit log was changed; `claw audit verify` shows where.'),
    )
  }
  return checks
}

/** What was read, or why the database could not be. */
function anchor<T>(read: () => T): { readonly value: T } | { readonly damage: string } {
  try {
    return { value: read() }
  } catch (error) {
    return { damage: messageOf(error) }
  }
}
