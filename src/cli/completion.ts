// `claw completion bash|zsh|fish`: a script for the shell, made from the verbs.

import { EXIT } from '../errors.ts'
import { printJson, usage, type Verb, type VerbEntry } from './io.ts'

export const run: Verb = async (args, options, io) => {
  const [shell] = args
  const write = shell === undefined ? undefined : SHELLS[shell]
  if (shell === undefined || write === undefined)
    return usage(io, `completion wants a shell: ${Object.keys(SHELLS).join(', ')}. For bash: source <(claw completion bash)`)
  if (options.format === 'json') printJson(io, { shell, script: write(io.verbs) })
  else io.out(write(io.verbs))
  return EXIT.ok
}

type Script = (verbs: readonly VerbEntry[]) => string

interface Flag {
  readonly flag: string
  readonly description: string
  readonly choices: readonly string[]
  /** `<file>`, `<folder>` and the like; undefined: it stands alone. */
  readonly value: string | undefined
}

function flagsOf(verb: VerbEntry): readonly Flag[] {
  const formats = ['human', 'json', ...(verb.formats ?? [])]
  const common = [
    ['-c, --config <file>', 'the root file', undefined],
    ['--format <format>', 'form of the output', formats],
    ['--help', 'what it does', undefined],
  ] as const
  return [...(verb.options ?? []), ...common].map(([flags, description, choices]) => ({
    flag: /--[a-z-]+/.exec(flags)?.[0] ?? flags,
    description,
    choices: choices ?? [],
    value: /<([^>]+)>/.exec(flags)?.[1],
  }))
}

/** Words that a verb takes first, such as `list` of `claw people list`; read from what its summary says. */
export const actionsOf = (verb: VerbEntry): readonly string[] =>
  verb.args?.includes('[action]') === true || verb.name === 'completion'
    ? [...verb.summary.matchAll(/(?:^|, |: )([a-z]+)(?= [A-Z]|,|:|$| or)/g)].map(([, word]) => word as string)
    : []

const isFile = ({ value }: Flag): boolean => value !== undefined && /file|dir|folder|what/.test(value)
const takesFiles = ({ args = '' }: VerbEntry): boolean => /file|folder/.test(args)

const bash: Script = (verbs) => `# bash completion of claw. Use: source <(claw completion bash)
_claw() {
  local cur prev verb word
  cur="\${COMP_WORDS[COMP_CWORD]}"; prev="\${COMP_WORDS[COMP_CWORD-1]}"; verb=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) verb="$word"; break ;; esac
  done
  case "$verb:$prev" in
${verbs
  .flatMap((verb) =>
    flagsOf(verb).flatMap((flag) => {
      if (flag.choices.length > 0)
        return `    ${verb.name}:${flag.flag}) COMPREPLY=($(compgen -W "${flag.choices.join(' ')}" -- "$cur")); return ;;`
      return isFile(flag)
        ? `    ${verb.name}:${flag.flag}) compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur")); return ;;`
        : []
    }),
  )
  .join('\n')}
  esac
  case "$verb" in
    "") COMPREPLY=($(compgen -W "${verbs.map(({ name }) => name).join(' ')}" -- "$cur")) ;;
${verbs
  .map((verb) => {
    const words = [...actionsOf(verb), ...flagsOf(verb).map(({ flag }) => flag)].join(' ')
    const files = takesFiles(verb) ? ' compopt -o filenames; COMPREPLY+=($(compgen -f -- "$cur"));' : ''
    return `    ${verb.name}) COMPREPLY=($(compgen -W "${words}" -- "$cur"));${files} ;;`
  })
  .join('\n')}
  esac
}
complete -F _claw claw
`

/** Within single quotes and the brackets of _arguments. */
const zshText = (text: string): string => text.replaceAll("'", "'\\''").replaceAll(/[[\]:]/g, '\\$&')

const zsh: Script = (verbs) => `#compdef claw
# zsh completion of claw. Use: source <(claw completion zsh)
_claw() {
  local -a verbs
  verbs=(
${verbs.map(({ name, summary }) => `    '${name}:${zshText(summary)}'`).join('\n')}
  )
  if (( CURRENT == 2 )); then _describe 'verb' verbs; return; fi
  case "$words[2]" in
${verbs
  .map((verb) => {
    const flags = flagsOf(verb).map((flag) => {
      const value =
        flag.choices.length > 0
          ? `:${flag.value}:(${flag.choices.join(' ')})`
          : isFile(flag)
            ? `:${flag.value}:_files`
            : flag.value === undefined
              ? ''
              : `:${flag.value}:`
      return `'${flag.flag}[${zshText(flag.description)}]${value}'`
    })
    const actions = actionsOf(verb)
    const rest = actions.length > 0 ? [`'2:action:(${actions.join(' ')})'`] : []
    return `    ${verb.name}) _arguments ${[...flags, ...rest, ...(takesFiles(verb) ? ["'*:file:_files'"] : [])].join(' ')} ;;`
  })
  .join('\n')}
  esac
}
compdef _claw claw
`

const fishText = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

const fish: Script = (verbs) => `# fish completion of claw. Use: claw completion fish | source
complete -c claw -f
${verbs
  .flatMap((verb) => {
    const here = `complete -c claw -n '__fish_seen_subcommand_from ${verb.name}'`
    return [
      `complete -c claw -n __fish_use_subcommand -a ${verb.name} -d ${fishText(verb.summary)}`,
      ...actionsOf(verb).map((word) => `${here} -a ${word}`),
      ...flagsOf(verb).map(({ flag, description, choices, value }) => {
        const wants = value === undefined ? '' : choices.length > 0 ? ` -x -a ${fishText(choices.join(' '))}` : ' -r'
        return `${here} -l ${flag.slice(2)} -d ${fishText(description)}${wants}`
      }),
      ...(takesFiles(verb) ? [`${here} -F`] : []),
    ]
  })
  .join('\n')}
`

const SHELLS: Readonly<Record<string, Script>> = { bash, zsh, fish }
