// All lists, by tool: arguments come in; whether a star covers them, the files they name, and why not, leave.

import { lazily } from '../../../lazily.ts'
import { judgeByTable, neverByTable, pinsByTable } from './evaluate.ts'
import type { Argument, Judgement, Place } from './port.ts'
import type { ToolTable } from './table.ts'
import { ack } from './tools/ack.ts'
import { awk } from './tools/awk.ts'
import { cargo, rustup } from './tools/cargo.ts'
import { curl } from './tools/curl.ts'
import { compose, docker } from './tools/docker.ts'
import { fd } from './tools/fd.ts'
import { files } from './tools/files.ts'
import { find } from './tools/find.ts'
import { gh, hubs } from './tools/gh.ts'
import { git } from './tools/git.ts'
import { go, gofmt } from './tools/go.ts'
import { grep, zgrep } from './tools/grep.ts'
import { jq } from './tools/jq.ts'
import { just, rake } from './tools/just.ts'
import { clusterTools, helm, kubectl } from './tools/kubectl.ts'
import { linters } from './tools/linters.ts'
import { make } from './tools/make.ts'
import { ninja } from './tools/ninja.ts'
import { node } from './tools/node.ts'
import { npm } from './tools/npm.ts'
import { others } from './tools/others.ts'
import { pip, pythonTools } from './tools/pip.ts'
import { pnpm } from './tools/pnpm.ts'
import { pytest } from './tools/pytest.ts'
import { python } from './tools/python.ts'
import { rg } from './tools/rg.ts'
import { sed } from './tools/sed.ts'
import { sort } from './tools/sort.ts'
import { systems } from './tools/system.ts'
import { tar } from './tools/tar.ts'
import { texts, uniq } from './tools/text.ts'
import { tsc } from './tools/tsc.ts'
import { downloaders, wget } from './tools/wget.ts'
import { yarn } from './tools/yarn.ts'
import { yq } from './tools/yq.ts'
import { unzip, zip } from './tools/zip.ts'

/** Names of tools, and where their lists are made; a list is made when one of its tools is first asked for. */
const LISTS: readonly (readonly [tools: string, make: () => ToolTable | readonly ToolTable[]])[] = [
  ['git', git],
  ['npm cnpm', npm],
  ['pnpm', pnpm],
  ['yarn yarnpkg', yarn],
  ['node nodejs', node],
  ['python python3 python3.9 python3.10 python3.11 python3.12 python3.13 python3.14', python],
  ['pip pip3', pip],
  ['uv poetry pdm pipenv hatch conda mamba tox nox', pythonTools],
  ['pytest py.test', pytest],
  ['cargo', cargo],
  ['rustup', rustup],
  ['go', go],
  ['gofmt', gofmt],
  ['make gmake', make],
  ['ninja', ninja],
  ['just', just],
  ['rake', rake],
  ['tsc', tsc],
  [
    `eslint prettier biome stylelint ruff flake8 mypy black isort pylint shellcheck markdownlint golangci-lint jest
      vitest mocha tap ava webpack rollup vite esbuild turbo nx lerna`,
    linters,
  ],
  ['find gfind', find],
  ['fd fdfind', fd],
  ['grep egrep fgrep ggrep', grep],
  ['zgrep zegrep zfgrep', zgrep],
  ['rg', rg],
  ['ack ag', ack],
  ['sed gsed', sed],
  ['awk gawk mawk nawk original-awk', awk],
  ['jq gojq', jq],
  ['yq', yq],
  ['sort gsort', sort],
  ['uniq', uniq],
  [
    `cat tac nl rev strings head tail wc cut tr paste join comm fold fmt expand unexpand column base64 base32
      md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum sum shasum od hexdump hd xxd diff cmp stat
      file readlink realpath basename dirname seq sleep numfmt factor expr bc tsort shuf zcat bzcat xzcat zstdcat
      lzcat cal`,
    texts,
  ],
  [
    `mkdir rmdir touch rm unlink cp mv ln chmod truncate tee mktemp chown chgrp sync gzip gunzip bzip2 bunzip2 xz
      unxz zstd unzstd lzma unlzma split csplit install strip objcopy ar`,
    files,
  ],
  [
    `ls dir vdir tree du df ps pgrep pidof uname arch nproc uptime whoami id groups users logname tty who w
      hostname free vmstat lscpu lsblk lsusb lspci lsmem which date ping host nslookup dig journalctl systemctl`,
    systems,
  ],
  ['tar gtar bsdtar', tar],
  ['zip', zip],
  ['unzip zipinfo', unzip],
  ['curl', curl],
  ['wget wget2', wget],
  ['aria2c axel', downloaders],
  ['docker podman nerdctl', docker],
  ['docker-compose podman-compose', compose],
  ['kubectl oc', kubectl],
  ['helm', helm],
  ['k3s k9s istioctl', clusterTools],
  ['gh', gh],
  ['glab hub', hubs],
  [
    `aws gcloud az terraform tofu pulumi ansible ansible-playbook vagrant vault openssl gpg gpg2 ffmpeg convert
      magick pandoc scp sftp rsync man info apropos whatis gem bundle bundler composer mvn gradle ant dotnet mix
      stack cabal`,
    others,
  ],
]

const makers = new Map<string, () => readonly ToolTable[]>()
for (const [tools, make] of LISTS) {
  const made = lazily(() => [make()].flat())
  for (const tool of tools.split(/\s+/)) makers.set(tool, made)
}

const tableOf = (tool: string): ToolTable | undefined =>
  makers
    .get(tool)?.()
    .find(({ tools }) => tools.includes(tool))

/** Every list, for the documentation and the tests. */
export const tablesOf = (): readonly ToolTable[] => [...new Set(makers.values())].flatMap((made) => made())

export const hasTable = (tool: string): boolean => makers.has(tool)

/** Whether a star covers a tool's arguments, and which files they name; undefined: claw has no list for the tool. Never throws. */
export function judgeArguments(tool: string, args: readonly Argument[], place: Place): Judgement | undefined {
  const table = tableOf(tool)
  return table === undefined ? undefined : judgeByTable(table, tool, args, place)
}

/** Why a grant with a star whose fixed words are these can never cover anything, or undefined. */
export function neverCovers(tool: string, fixed: readonly string[]): string | undefined {
  const table = tableOf(tool)
  return table === undefined ? undefined : neverByTable(table, tool, fixed)
}

/** Whether the fixed words of a grant select a form of an interpreter's list: `python3 -m pytest *` does, `python3 *` does not. */
export function pinsForm(tool: string, fixed: readonly string[]): boolean {
  const table = tableOf(tool)
  return table !== undefined && pinsByTable(table, fixed)
}
