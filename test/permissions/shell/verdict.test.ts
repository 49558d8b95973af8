import t from 'tap'
import type { ShellPolicy } from '../../../src/permissions/port.ts'
import { checkGrant, parseGrant } from '../../../src/permissions/shell/grants.ts'
import { parseCommand } from '../../../src/permissions/shell/parse.ts'
import { judgeCommand } from '../../../src/permissions/shell/verdict.ts'
import { policy } from './helpers.ts'

const decide = (command: unknown, more: Partial<ShellPolicy> = {}): string => {
  const { decision, by } = judgeCommand(command, policy(more))
  return `${decision} ${by}`
}

t.test('words keep what was quoted', (t) => {
  const parsed = parseCommand(`echo a"b c"'d'\\e* "*" 'x'\\''y'`)
  if (!parsed.ok) return t.fail(parsed.reason)
  const words = parsed.commands[0]?.words ?? []
  t.same(
    words.map((word) => word.text),
    ['echo', 'ab cde*', '*', "x'y"],
  )
  t.equal([...(words[1]?.quoted ?? [])].join(''), '0111110')
  t.same(
    words.map((word) => word.pattern),
    [false, true, false, false],
  )
  t.end()
})

t.test('a cloud’s metadata service is denied in every mode and under every grant', (t) => {
  for (const url of [
    'http://169.254.169.254/latest',
    '169.254.170.2/v2',
    'http://METADATA.google.internal/',
    'http://[fd00:ec2::254]/',
  ]) {
    t.equal(decide(`curl '${url}'`, { allow: ['curl *'] }), 'ask hard-deny', url)
    t.equal(decide(`curl '${url}'`, { mode: 'ignore' }), 'refuse hard-deny', url)
    t.equal(decide(`x=1; curl '${url}'`, { mode: 'ignore', sandbox: 'off' }), 'refuse hard-deny', url)
  }
  t.equal(decide('curl http://1169.254.169.2/', { allow: ['curl *'] }), 'run allow')
  t.end()
})

/** Found by trying: each got past the checker once, or could have. */
t.test('what a wildcard grant does not cover', (t) => {
  for (const command of [
    'docker -l info run -v /:/h alpine',
    'docker -l info ps',
    'git checkout-index -a',
    'docker --log-level info run alpine',
    'docker image build .',
    'docker extension install evil',
    'kubectl -n default exec pod -- sh',
    'kubectl --namespace default cp a b',
    'npm --loglevel silent exec evil',
    'npm -w pkg exec evil',
    'npm --loglevel silent config set script-shell /tmp/x',
    'npm pkg set scripts.test=evil',
    'cargo --color never install evil',
    'gh -R a/b api /x',
    'gh repo clone x -- -c core.sshCommand=evil',
    'tar --index-file=x -tvf a.tar',
    'tar --one-top-level=/x -xf a.tar',
    'git merge-index evil -a',
    'git filter-repo --commit-callback x',
    'git fast-export --export-marks=x HEAD',
    'git checkout-index --prefix=../../x -a',
    'lftp -e x',
    'gnuplot -e x',
    'setarch x86_64 sh',
  ]) {
    const tool = command.split(' ')[0]
    t.equal(decide(command, { allow: [`${tool} *`] }).split(' ')[0], 'ask', command)
  }
  for (const command of [
    'docker ps --filter name=run',
    'docker image ls',
    'kubectl -n default get pods',
    'npm --silent run build',
    'npm -w pkg test',
    'cargo --color never test',
    'gh pr list -R a/b',
    'tar -tvf a.tar',
  ]) {
    const tool = command.split(' ')[0]
    t.equal(decide(command, { allow: [`${tool} *`] }), 'run allow', command)
  }
  t.end()
})

t.test('a tilde that bash expands inside an argument', (t) => {
  for (const command of ['cat a=~/x', 'cat a=b:~/x', "cat a=~/x:'~'", 'ls foo+=~', 'echo a=~'])
    t.equal(decide(command), 'ask parse', command)
  for (const command of ['cat "a=~"', 'cat a=\\~', 'cat x~', 'cat a:~/x', 'cat --a=~', 'cat 1a=~'])
    t.not(decide(command), 'ask parse', command)
  t.end()
})

t.test('a file that an editor left beside a secret one is as secret', (t) => {
  for (const file of ['.env~', '#.env#', '.env.bak', 'id_rsa~']) t.equal(decide(`cat '${file}'`), 'ask hard-deny', file)
  t.equal(decide('tail +f x').split(' ')[0], 'ask', 'follows for ever')
  t.end()
})

t.test('order: hard denies, deny, remembered denied, allow, remembered allowed, safe list, mode', (t) => {
  t.equal(decide('git push', { allow: ['git *'], deny: ['git push *'] }), 'refuse deny', 'deny beats allow')
  t.equal(
    decide('git push', { allow: ['git *'], remembered: { allowed: [], denied: ['git push *'] } }),
    'refuse remembered-denied',
  )
  t.equal(decide('ls', { deny: ['ls'] }), 'refuse deny', 'deny beats the safe list')
  t.equal(decide('make test', { allow: ['make test'], remembered: { allowed: ['make test'], denied: [] } }), 'run allow')
  t.equal(decide('make test', { remembered: { allowed: ['make test'], denied: [] } }), 'run remembered-allowed')
  t.equal(decide('ls -l'), 'run safe')
  t.equal(decide('cat .env', { allow: ['cat *'] }), 'ask hard-deny')
  t.equal(decide('cat .env', { allow: ['cat *'], deny: ['cat *'] }), 'refuse deny', 'the stricter of hard deny and deny')
  t.equal(decide('rm x'), 'ask mode')
  t.equal(decide('ls; git push; pwd', { allow: ['git *'], deny: ['git push *'] }), 'refuse deny', 'one part refuses the whole')
  t.end()
})

t.test('record and ignore run what is understood; hard denies and deny still hold', (t) => {
  for (const mode of ['record', 'ignore'] as const) {
    t.equal(decide('rm -rf build', { mode }), 'run mode')
    t.equal(decide('cat .env', { mode }), 'refuse hard-deny')
    t.equal(decide("bash -c 'cat ~/.ssh/id_rsa'", { mode }), 'refuse hard-deny')
    t.equal(decide('python3 -c \'open(".env")\'', { mode }), 'refuse hard-deny')
    t.equal(decide('echo .env | xargs cat', { mode }), 'refuse hard-deny', 'echo feeds a launcher')
    t.equal(decide('git push', { mode, deny: ['git push *'] }), 'refuse deny')
  }
  t.end()
})

t.test('what is not understood runs under record and ignore only in a sandbox, or where the owner wrote sandbox: off', (t) => {
  for (const mode of ['record', 'ignore'] as const) {
    t.equal(decide('echo $HOME', { mode }), 'refuse parse')
    t.equal(decide('echo $HOME', { mode, sandboxed: true }), 'run mode')
    t.equal(decide('echo $HOME', { mode, sandbox: 'off' }), 'run mode')
    t.equal(decide('for f in *; do cat "$f"; done < .env', { mode, sandbox: 'off' }), 'refuse hard-deny')
    t.equal(decide("cat $'\\056env'", { mode, sandbox: 'off' }), 'refuse hard-deny', 'escapes are decoded for the floors')
    t.equal(decide('echo $(git push)', { mode, sandboxed: true, deny: ['git push *'] }), 'refuse deny')
    t.equal(
      decide('echo $X', { mode, sandboxed: true, deny: ['git push *'] }),
      'refuse parse',
      'a deny rule can not be held against it',
    )
  }
  t.equal(decide('echo $HOME', { sandboxed: true }), 'ask parse')
  t.equal(decide('echo $HOME', { sandboxed: true, askInSandbox: 'never' }), 'run mode')
  t.equal(decide('rm x', { sandboxed: true, askInSandbox: 'never' }), 'run mode')
  t.equal(decide('cat .env', { sandboxed: true, askInSandbox: 'never' }), 'ask hard-deny')
  t.equal(decide('ls', { sandbox: 'required' }), 'refuse sandbox')
  t.equal(decide('ls', { sandbox: 'required', sandboxed: true }), 'run safe')
  t.end()
})

t.test('the engine’s own files are out of reach in every mode', (t) => {
  const place = { protectedPaths: ['/bot/openclaw.yaml', '/bot/.openclaw'], cwd: '/bot/.openclaw/workspace/main' }
  for (const mode of ['ask', 'record', 'ignore'] as const) {
    t.equal(decide('cat ../../../openclaw.yaml', { mode, ...place }), 'refuse hard-deny')
    t.equal(decide('rm /bot/openclaw.yaml', { mode, allow: ['rm *'], ...place }), 'refuse hard-deny')
    t.equal(decide('cp x ../../exec-approvals.json', { mode, allow: ['cp *'], ...place }), 'refuse hard-deny')
    t.equal(decide('cat < ../../audit.jsonl', { mode, ...place }), 'refuse hard-deny')
    t.equal(decide('echo $(cat /bot/openclaw.yaml)', { mode, sandbox: 'off', ...place }), 'refuse hard-deny')
    t.equal(decide('cat notes.md', { mode, ...place }), 'run safe', 'a workspace inside the state folder is no part of it')
  }
  t.end()
})

t.test('deny rules match generously', (t) => {
  const denied = (command: string, ...deny: string[]): boolean =>
    judgeCommand(command, policy({ mode: 'ignore', sandbox: 'off', deny })).decision === 'refuse'
  for (const command of [
    'git push',
    'git push origin main',
    '/usr/bin/git push',
    '"git" push',
    'g\\it pu""sh',
    'git -C dir push',
    'git --no-pager push',
    'timeout 5 git push',
    'env A=b git push',
    'sudo -u x git push',
    "bash -c 'cd x && git push'",
    'echo x | xargs git push',
    "find . -exec git push ';'",
    'GIT push',
    'ls; git push',
    '(git push)',
    'if true; then git push; fi',
    '`git push`',
  ])
    t.ok(denied(command, 'git push *'), command)
  t.notOk(denied('git log push', 'git push *'))
  t.notOk(denied('git stash push', 'git push *'))
  t.notOk(denied('git pull', 'git push *'))
  t.ok(denied('rm -fr x', 'rm -rf *'))
  t.ok(denied('rm -r -f x', 'rm -rf *'))
  t.notOk(denied('rm x', 'rm -rf *'))
  t.ok(denied('git push origin --force', 'git push --force *'))
  t.ok(denied('rm x', 'rm'), 'a rule without a star holds for any arguments')
  for (const command of ['rm --recursive --force x', 'rm -r --for x', 'rm x -Rf']) t.ok(denied(command, 'rm -rf *'), command)
  for (const command of ['rm --force x', 'rm -R x', 'rm -i x']) t.notOk(denied(command, 'rm -rf *'), command)
  for (const command of ['git push -f', 'git push -uf origin main']) t.ok(denied(command, 'git push --force *'), command)
  t.notOk(denied('git push -u origin main', 'git push --force *'))
  t.ok(denied('npm install x --global', 'npm install -g *'))
  for (const rule of ['cat secrets/*', 'cat ./secrets/*'])
    for (const command of ['cat secrets/x', 'cat ./secrets/x', 'cat a secrets/x', 'cat -n a/../secrets/x'])
      t.ok(denied(command, rule), `${command} under ${rule}`)
  t.notOk(denied('cat a notsecrets/x', 'cat secrets/*'))
  t.ok(denied('npm publish', 'npm pub*'))
  t.ok(denied('anything', '*'))
  t.end()
})

t.test('"always" saves one exact grant a part, never for shells, interpreters and launchers', (t) => {
  const grants = (command: string): readonly string[] => judgeCommand(command, policy({ allow: ['git *'] })).grants ?? []
  t.same(grants('make test && git status && npm ci'), ['make test', 'npm ci'])
  for (const command of [
    'bash x.sh',
    'python3 a.py',
    'env make',
    'sudo make',
    'npx tsc',
    'cd src && make',
    'echo $X',
    'make > out',
    'rm *.o',
    'cat .env',
    'make && bash x.sh',
    "echo '' | tee ''",
  ])
    t.same(grants(command), [], command)
  for (const command of ["make 'a b'", "cp 'a*' b", "grep 'a\\ b' f", "grep '\\\\' f", "touch 'x\\'"]) {
    const saved = grants(command)
    t.equal(saved.length, 1, command)
    t.equal(
      judgeCommand(command, policy({ remembered: { allowed: saved, denied: [] } })).by,
      'remembered-allowed',
      `${command} as ${saved[0]}`,
    )
    t.ok(parseGrant(saved[0] as string).exact, command)
  }
  t.equal(
    judgeCommand("cp 'ab' b", policy({ remembered: { allowed: grants("cp 'a*' b"), denied: [] } })).decision,
    'ask',
    'a saved star is no wildcard',
  )
  t.end()
})

t.test('an exact grant is the owner’s word, also where a star would not do', (t) => {
  t.equal(decide('find . -name x -delete', { allow: ['find . -name x -delete'] }), 'run allow')
  t.equal(decide('git config user.name Bot', { allow: ['git config user.name Bot'] }), 'run allow')
  t.equal(decide('bash deploy.sh', { allow: ['bash deploy.sh'] }), 'run allow')
  t.equal(decide('cd src', { allow: ['cd src'] }), 'ask mode')
  t.equal(decide('make test > log', { allow: ['make test'] }), 'ask parse')
  t.equal(decide('make test < ../x', { allow: ['make test'] }), 'ask mode')
  t.end()
})

t.test('grants that stand in a configuration', (t) => {
  const kind = (pattern: string): string => Object.keys(checkGrant(pattern))[0] as string
  for (const pattern of [
    'git *',
    'git status',
    'npm run test:*',
    'rm build/*',
    'bash deploy.sh',
    'python3 scripts/report.py',
    'sudo systemctl restart x',
  ])
    t.equal(kind(pattern), 'ok', pattern)
  for (const pattern of [
    '*',
    '* status',
    'g*',
    '',
    '  ',
    'bash *',
    'python3 scripts/*',
    'python3.12 *',
    'sudo *',
    'env *',
    'npx *',
    'vim *',
    'less *',
    'ssh *',
    'cd *',
    'cd src',
    'eval x',
    'export A=b',
    '/bin/bash *',
  ])
    t.equal(kind(pattern), 'error', pattern)
  for (const pattern of ['frobnicate *', './x *', '/usr/bin/git status']) t.equal(kind(pattern), 'warning', pattern)
  for (const pattern of ['docker run *', 'npm exec *', 'find . -exec *', 'kubectl -n dev exec *', 'go run ./*'])
    t.match(checkGrant(pattern), { warning: /never matches/ }, pattern)
  for (const pattern of ['docker ps *', 'npm run *', 'find . -name *', 'sed -n *', 'docker compose ps *', 'printf *', 'awk *'])
    t.equal(kind(pattern), 'ok', pattern)
  t.match(checkGrant('printf -v a b'), { error: /`printf -v` changes/ })
  t.end()
})

t.test('damaged memory of decisions refuses', (t) => {
  t.equal(decide('ls', { remembered: { allowed: [], denied: [], problem: 'It is damaged.' } }), 'refuse remembered-denied')
  t.end()
})

t.test('reasons are sentences', (t) => {
  for (const command of ['rm x', 'echo $X', 'cat .env', 'ls; rm x', '', 'git -c a=b log', 5, 'ls\u200b'])
    t.match(judgeCommand(command, policy({ allow: ['git *'] })).reason, /^.{10,}\.$/s, String(command))
  t.end()
})
