// A guide of docs/ taken at its word: its files written to a folder, its commands run there, what they print held to what it says.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { packageRoot } from '../../src/resources.ts'
import { testdir } from './testdir.ts'

export interface Guide {
  readonly folder: string
  /** Blocks of TypeScript, in order. */
  readonly types: readonly string[]
  /** The commands of its `console` blocks, with what they print. */
  readonly commands: readonly { readonly line: string; readonly expected: string }[]
  /** Runs a command line as a person would, and gives what it printed. One that ends in ` &` runs on until the test ends. */
  run(line: string, env?: Readonly<Record<string, string>>): Promise<string>
}

/** A block stands under a line that ends in the name of its file, as `name`: with a colon behind it. */
const FILE = /`([^`\n]+)`:\n\n```\w+\n([\s\S]*?)```/g

export async function followGuide(t: Test, name: string): Promise<Guide> {
  const text = await readFile(join(packageRoot(), 'docs', `${name}.md`), 'utf8')
  const folder = testdir(t)
  for (const [, path = '', content = ''] of text.matchAll(FILE)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  const blocks = (language: string): string[] =>
    [...text.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, content = '']) => content)
  const commands = blocks('console').flatMap((block) =>
    block.split(/^\$ /m).flatMap((part) => {
      const [line = '', ...expected] = part.trimEnd().split('\n')
      return line === '' ? [] : [{ line, expected: expected.join('\n') }]
    }),
  )
  return { folder, types: blocks('ts'), commands, run: (line, env) => run(t, folder, line, env) }
}

const CLAW = `"${process.execPath}" "${join(packageRoot(), 'bin/claw.js')}"`

async function run(t: Test, folder: string, line: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const stays = line.endsWith(' &')
  const command = line
    .replace(/ &$/, '')
    .replace(/(^|\| )claw /, `$1${CLAW} `)
    .replace(/^node /, `"${process.execPath}" `)
  const child = spawn('/bin/sh', ['-c', stays ? `exec ${command}` : command], {
    cwd: folder,
    // What is tried is what was just built.
    env: { PATH: process.env['PATH'] ?? '', CLAW_PLAIN_BUILD: '1', ...env },
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString()
  })
  child.stderr.on('data', (data: Buffer) => {
    err += data.toString()
  })
  if (!stays) {
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
    if (code !== 0) throw new Error(`${line} ended with ${code}: ${out}${err}`)
    return out.trimEnd()
  }
  t.teardown(() => end(child))
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', () => resolve())
    child.on('close', (code) => reject(new Error(`${line} ended with ${code}: ${err}`)))
  })
  return out.trimEnd()
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const ended = new Promise((resolve) => child.on('close', resolve))
  child.kill('SIGTERM')
  await ended
}
