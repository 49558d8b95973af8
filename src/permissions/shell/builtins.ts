// What bash does itself instead of starting a program. A name comes in, its kind leaves; with arguments, what it would change.

/** Builtins that a command may use. They stand by their own name in what runs. */
const HARMLESS = new Set('echo printf pwd true false type kill test'.split(' '))

/** Builtins that change the shell's own state: no grant at all, not even an exact one. */
const STATE = new Set(
  `. : alias bg bind break builtin caller cd command compgen complete compopt continue declare dirs disown enable eval
  exec exit export fc fg getopts hash history jobs let local logout mapfile popd pushd read readarray readonly return
  set shift shopt source suspend times trap typeset ulimit umask unalias unset wait help [`.split(/\s+/),
)

export const isHarmlessBuiltin = (name: string): boolean => HARMLESS.has(name)
export const isStateBuiltin = (name: string): boolean => STATE.has(name)
export const isBuiltin = (name: string): boolean => HARMLESS.has(name) || STATE.has(name)

/**
 * What no grant covers, not even an exact one, or undefined. `printf -v` and its `%n` set a variable; `test -v` and `-R` look one
 * up, and an index in its name is run as code.
 */
export function changesShell([name = '', ...args]: readonly string[]): string | undefined {
  if (STATE.has(name)) return name
  if (name === 'printf') {
    if (args[0]?.startsWith('-v') === true) return 'printf -v'
    const format = args[0] === '--' ? args[1] : args[0]
    return /%[-#0 +'*.0-9]*[hlLqjzt]*n/.test((format ?? '').replaceAll('%%', '')) ? 'printf %n' : undefined
  }
  const looks = name === 'test' ? args.find((word) => word === '-v' || word === '-R') : undefined
  return looks === undefined ? undefined : `test ${looks}`
}
