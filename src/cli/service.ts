// claw service install | uninstall | status | logs [--system] [--name NAME] [--print]: a bot that starts with the machine, kept
// running by systemd or launchd. A configuration that is invalid is not installed.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { EXIT, messageOf } from '../errors.ts'
import { packageRoot } from '../resources.ts'
import { whereabouts } from './client.ts'
import { slug } from './init-files.ts'
import { type Io, type Options, paint, printJson, usage, type Verb, type VerbIo } from './io.ts'
import { planFrom } from './plan-loading.ts'
import { type Command, type Service, serviceFor } from './service/units.ts'
import { terminalText } from './table.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

interface Named extends Service {
  readonly name: string
}

export const run: Verb = async (args, options, io) => {
  const [action, ...more] = args
  const actions: Readonly<Record<string, (service: Named, options: Options, io: VerbIo) => Promise<number>>> = {
    install,
    uninstall,
    status,
    logs,
  }
  const act = action === undefined || !Object.hasOwn(actions, action) ? undefined : actions[action]
  if (act === undefined || more.length > 0) return usage(io, 'say claw service install | uninstall | status | logs')
  const service = await describe(options, io)
  return typeof service === 'number' ? service : await act(service, options, io)
}

async function describe(options: Options, io: VerbIo): Promise<Named | number> {
  const folder = dirname(options.config)
  const name = typeof options['name'] === 'string' ? options['name'] : `claw-${slug(basename(folder))}`
  if (!NAME.test(name)) return usage(io, `"${name}" is no name: use letters, digits, dot, dash, underscore`)
  const { stateDir } = await whereabouts(options, io)
  const spec = {
    name,
    node: process.execPath,
    script: join(packageRoot(), 'bin/claw.js'),
    config: options.config,
    folder,
    logFile: join(stateDir, 'service.log'),
  }
  const odd = [spec.node, spec.script, spec.config].find((path) => /\p{Cc}/u.test(path))
  if (odd !== undefined) return usage(io, `a service cannot be made of the path ${JSON.stringify(odd)}`)
  const system = options['system'] === true
  const uid = system ? (await stat(options.config)).uid : (process.getuid?.() ?? 0)
  const service = serviceFor(process.platform, spec, { system, uid, home: io.env['HOME'] ?? '/' })
  if (service !== null) return { ...service, name }
  io.err(`claw: no service manager is known for ${process.platform}; run \`claw run\` under one of your own\n`)
  return EXIT.invalid
}

async function install(service: Named, options: Options, io: VerbIo): Promise<number> {
  const { name, manager, file, text, start, forget } = service
  const loaded = await planFrom(options.config, io, { format: options.format })
  if (typeof loaded === 'number') return loaded
  const json = options.format === 'json'
  if (options['print'] === true) {
    if (json) printJson(io, { name, manager, file, text, installed: false })
    else io.out(text)
    return EXIT.ok
  }
  const isNew = !existsSync(file)
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
    for (const command of start) await call(command, io)
  } catch (error) {
    if (isNew) {
      await rm(file, { force: true }).catch(() => undefined)
      for (const command of forget) await call(command, io).catch(() => undefined)
    }
    io.err(`claw: ${name} was not installed: ${messageOf(error)}\n`)
    io.err('`claw service install --print` shows what would be written, for a manager of your own.\n')
    return EXIT.invalid
  }
  if (json) printJson(io, { name, manager, file, text, installed: true })
  else {
    io.out(`${paint(io, 'green', 'installed')} ${name} (${file}); it runs, and starts with the machine\n`)
    if (manager === 'systemd' && options['system'] !== true)
      io.out('To keep it running while you are logged out: loginctl enable-linger\n')
  }
  return EXIT.ok
}

async function uninstall(service: Named, options: Options, io: VerbIo): Promise<number> {
  const { name, file, stop, forget } = service
  if (!existsSync(file)) return notInstalled(service, options, io)
  try {
    // One that does not run cannot be stopped, and is taken away all the same.
    for (const command of stop) await call(command, io).catch(() => undefined)
    await rm(file)
    for (const command of forget) await call(command, io).catch(() => undefined)
  } catch (error) {
    io.err(`claw: ${name} was not taken away: ${messageOf(error)}\n`)
    return EXIT.invalid
  }
  if (options.format === 'json') printJson(io, { name, file, installed: false })
  else io.out(`uninstalled ${name}; its files and state stay\n`)
  return EXIT.ok
}

async function status(service: Named, options: Options, io: Io): Promise<number> {
  const { name, manager, file, query } = service
  if (!existsSync(file)) return notInstalled(service, options, io)
  const active = await call(query, io).then(
    () => true,
    () => false,
  )
  if (options.format === 'json') printJson(io, { name, manager, file, installed: true, active })
  else io.out(`${name}: ${active ? paint(io, 'green', 'runs') : paint(io, 'red', 'does not run')} (${file})\n`)
  return EXIT.ok
}

async function logs(service: Named, options: Options, io: Io): Promise<number> {
  if (!existsSync(service.file)) return notInstalled(service, options, io)
  const lines = Number(options['lines'] ?? 100)
  if (!Number.isInteger(lines) || lines < 1) return usage(io, '--lines takes a number of lines')
  try {
    const text = await call(service.logs(lines), io)
    if (options.format === 'json') printJson(io, { name: service.name, lines: text.split('\n').filter((line) => line !== '') })
    else io.out(terminalText(text))
    return EXIT.ok
  } catch (error) {
    io.err(`claw: the logs of ${service.name} cannot be read: ${messageOf(error)}\n`)
    return EXIT.invalid
  }
}

function notInstalled({ name, manager, file }: Named, options: Options, io: Io): number {
  if (options.format === 'json') printJson(io, { name, manager, file, installed: false, active: false })
  else io.err(`claw: ${name} is not installed (there is no ${file}); claw service install\n`)
  return EXIT.invalid
}

/** Gives what the program printed. @throws Error with what it said */
async function call([program, ...args]: Command, io: Io): Promise<string> {
  try {
    const env = { PATH: process.env['PATH'], ...io.env }
    return (await promisify(execFile)(program, args, { env, maxBuffer: 64 * 1024 * 1024 })).stdout
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new Error(`${program} is not on this machine`, { cause: error })
    const said = String((error as { stderr?: unknown }).stderr ?? '').trim()
    throw new Error(`${[program, ...args].join(' ')} failed${said === '' ? '' : `: ${said}`}`, { cause: error })
  }
}
