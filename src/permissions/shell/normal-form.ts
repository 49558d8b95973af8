// Commands that were judged → the text that runs: absolute programs, every word literal and quoted, joiners and redirections kept.

import { isBuiltin } from './builtins.ts'
import type { PreparedCommand } from './prepare.ts'
import type { Programs } from './programs.ts'

export interface NormalForm {
  /** One argv a simple command, in order. */
  readonly argvs: readonly (readonly string[])[]
  /** What bash is given. */
  readonly script: string
}

/** The words of one command as they run; undefined: its program is not installed. */
export function argvOf({ words, cwd, enters }: PreparedCommand, programs: Programs): readonly string[] | undefined {
  const [name = '', ...args] = words.map((word) => word.text)
  if (enters !== undefined) return [name, enters]
  if (isBuiltin(name)) return [name, ...args]
  if (name.includes('/')) return [name.startsWith('/') ? name : `${cwd}/${name}`, ...args]
  const program = name === '' ? undefined : programs.find(name)
  return program === undefined ? undefined : [program, ...args]
}

const quote = (word: string): string => `'${word.includes("'") ? word.replaceAll("'", "'\\''") : word}'`

/** undefined: a program is not installed. */
export function normalForm(commands: readonly PreparedCommand[], programs: Programs): NormalForm | undefined {
  const argvs: (readonly string[])[] = []
  let script = ''
  for (const [index, command] of commands.entries()) {
    const argv = argvOf(command, programs)
    if (argv === undefined) return undefined
    argvs.push(argv)
    const { redirections, joiner } = command.source
    let read = 0
    const words = [
      ...argv.map(quote),
      ...redirections.map((one) => ('output' in one ? one.output : `<${quote(command.reads[read++]?.text ?? '')}`)),
    ]
    script += words.join(' ')
    if (index < commands.length - 1) script += joiner === '\n' ? '\n' : joiner === ';' ? '; ' : ` ${joiner} `
  }
  return { argvs, script }
}
