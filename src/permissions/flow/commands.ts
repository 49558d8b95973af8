// A command that was let through in; what it would send out, and whether it reads anything. Programs that only work on this machine are
// listed; any other program can reach the network, itself or by what it starts.

import type { Verdict } from '../port.ts'
import { hostOf, type Sending } from './sending.ts'

/** Programs that say nothing of any file. */
const SAYS_NOTHING = words('true false pwd date whoami which echo')

/** Programs that reach no network and start nothing else with the options that are let through unasked. */
const LOCAL = new Set([
  ...SAYS_NOTHING,
  ...words(
    'ls cat head tail wc grep egrep fgrep rg find fd sed awk sort uniq cut tr diff cmp comm paste join fold nl tac rev column',
  ),
  ...words(
    'file stat du df tree basename dirname realpath readlink jq yq mkdir rmdir touch cp mv rm ln chmod printf seq test expr',
  ),
  ...words(
    'tar zip unzip gzip gunzip zcat xz unxz bzip2 bunzip2 zstd md5sum sha1sum sha256sum sha512sum cksum base64 xxd od strings',
  ),
  ...words('cal uname id uptime ps free lsblk nproc hostname arch groups'),
])

/** Sub-commands of git that stay on this machine; hooks and file systems' monitors are off. */
const LOCAL_GIT = words(
  'status log diff show branch add commit checkout switch restore stash tag blame describe rev-parse rev-list ls-files ls-tree shortlog reflog config grep init merge rebase cherry-pick revert reset rm mv worktree cat-file merge-base name-rev for-each-ref show-ref check-ignore count-objects version help',
)
/** They ask the configured remote for what it has. */
const ASKING_GIT = words('fetch pull')

/** Options of curl and wget that carry no text of their own. */
const PLAIN_OPTION = /^(-[sSLfIikvgq]+|--(silent|show-error|location|fail|head|include|compressed|quiet|no-verbose|ipv4|ipv6))$/

/** Clients whose exact grant names the receiver: nothing of the workspace goes into what they run. */
const CLIENTS = words('curl wget git gh')

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(' '))
}

type Argv = readonly string[]

const nameOf = (argv: Argv): string => (argv[0] ?? '').replace(/^.*\//, '')

/** The simple commands of a verdict; undefined: the text was not taken apart. */
const commandsOf = ({ normalForm, parts }: Verdict): readonly Argv[] | undefined => normalForm ?? parts?.map((part) => part.words)

const isLocal = (argv: Argv): boolean =>
  nameOf(argv) === 'git' ? LOCAL_GIT.has(argv[1] ?? '') || argv.length === 1 : LOCAL.has(nameOf(argv))

/** What a command brings: its output is private unless it shows no file, and outside where it may come from others. */
export function commandBrings(verdict: Verdict): { readonly files: boolean; readonly network: boolean } {
  const commands = commandsOf(verdict)
  if (commands === undefined) return { files: true, network: true }
  return { files: !commands.every((argv) => SAYS_NOTHING.has(nameOf(argv))), network: !commands.every(isLocal) }
}

/** What a command sends that runs unasked. `exact`: grants of the owner without a wildcard. null: nothing that was composed. */
export function commandSends(command: string, verdict: Verdict, exact: readonly string[]): Sending | null {
  const commands = commandsOf(verdict)
  if (commands === undefined) return { addresses: [], texts: [command] }
  const granted = exact.includes(command.trim())
  const sending = commands.filter((argv) => !isLocal(argv) && !asksItsRemote(argv) && !(granted && CLIENTS.has(nameOf(argv))))
  if (sending.length === 0) return null
  const pages = sending.map(pagesRead)
  const hosts = [...new Set(pages.flatMap((urls) => urls ?? []).map((url) => hostOf(url) ?? url))]
  if (pages.every((urls) => urls !== undefined))
    return { ...receiver(hosts), addresses: pages.flatMap((urls) => urls ?? []), texts: [] }
  return { addresses: [], texts: [command] }
}

const receiver = (hosts: readonly string[]): Pick<Sending, 'to'> => (hosts.length === 1 ? { to: hosts[0] as string } : {})

/** `git fetch`, `git pull`: the remote is in the repository's settings, which no tool writes. */
const asksItsRemote = (argv: Argv): boolean => nameOf(argv) === 'git' && ASKING_GIT.has(argv[1] ?? '') && argv.length === 2

/** The addresses of a command that does nothing but read them; undefined: it does more. */
function pagesRead(argv: Argv): readonly string[] | undefined {
  const name = nameOf(argv)
  if (name === 'git' && (argv[1] === 'clone' || argv[1] === 'ls-remote') && argv.length === 3)
    return isPage(argv[2]) ? [argv[2]] : undefined
  if (name !== 'curl' && name !== 'wget') return undefined
  const operands = argv.slice(1).filter((word) => !PLAIN_OPTION.test(word))
  return operands.length > 0 && operands.every(isPage) ? operands : undefined
}

const isPage = (word: string | undefined): word is string => word !== undefined && /^https?:\/\//.test(word)
