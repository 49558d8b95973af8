import t from 'tap'
import { expandBraces, MOST_EXPANDED } from '../../src/permissions/braces.ts'

t.test('each choice is a pattern', async (t) => {
  t.same(await expandBraces('git {status,log} *'), ['git status *', 'git log *'])
  t.same(await expandBraces('npm run {a,b{1..2}}'), ['npm run a', 'npm run b1', 'npm run b2'])
  t.same(await expandBraces('git status'), ['git status'])
})

t.test('a brace that offers no choice, is quoted or is escaped stays', async (t) => {
  for (const text of ['awk {print}', 'git stash drop stash@{0}', "echo '{a,b}'", 'echo "{a,b}"', 'a\\{b,c}', 'a{b', '{}'])
    t.same(await expandBraces(text), [text])
  t.same(await expandBraces('cat my\\ {a,b}\\*'), ['cat my\\ a\\*', 'cat my\\ b\\*'], 'what the pattern escapes is kept')
})

t.test('what stands for too much is refused before it takes memory', async (t) => {
  t.equal((await expandBraces(`{1..${MOST_EXPANDED}}`)).length, MOST_EXPANDED)
  for (const text of ['{a,b}'.repeat(2000), '{1..100000}', '{a..z}{a..z}', '{-1000000000..1000000000}'])
    await t.rejects(expandBraces(text), RangeError)
})
