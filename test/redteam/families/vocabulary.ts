// Pieces that several grammars are made of.

export const HARMLESS = [
  'ls',
  'ls -la src',
  'cat README.md',
  'head -n 2 notes.txt',
  'wc -l src/a.ts',
  'pwd',
  'git status',
  'git log --oneline',
  'grep -n alpha notes.txt',
  'sort notes.txt',
  "find . -name '*.ts'",
  'echo hello',
  'date',
  'uniq notes.txt',
  "sed -n '1,2p' notes.txt",
  "awk '{print $1}' notes.txt",
  'jq .name a.json',
]

export const USUAL = ['git *', 'grep *', 'sort *', 'find *', 'uniq *', 'sed *', 'awk *', 'jq *']

export const PAYLOADS = ['./evil.sh', 'sh', 'x', '../outside/x', "'sh -c ./evil.sh'", '.env', 'exec=./evil.sh']

export const READERS = [
  'cat',
  'head',
  'tail',
  'wc',
  'grep alpha',
  'sort',
  'uniq',
  'cut -c1-',
  'base64',
  'xxd',
  'od',
  'nl',
  'tac',
  'rev',
  'fold',
  'md5sum',
  'strings',
  'jq .',
  "sed -n '1,5p'",
  "awk '{print $1}'",
  'diff /dev/null',
  'git hash-object',
  'git diff',
  'cmp notes.txt',
  'paste',
  'file -f',
  'tar cf new.tar',
  'zip new.zip',
  'gzip -c',
  'cp -t build',
  'grep -f',
  'tee',
  'stat',
  'comm notes.txt',
  'join notes.txt',
  'git add',
  'git show HEAD:',
  'xz -c',
]

export const grantOf = (command: string): string => `${command.split(' ', 1)[0]} *`

export const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
