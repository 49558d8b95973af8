// docker and podman: what only shows something, and what stops or removes by name. Starting containers asks.

import type { Form, OptionGroup, ToolTable } from '../table.ts'

const SHOW: readonly OptionGroup[] = [
  {
    names: `-a --all -q --quiet --no-trunc -s --size -l --latest --digests -t --timestamps --details --no-stream --tree --no-log-prefix --no-color
      --services --resolve-image-names --dry-run -v --verbose --orphans --profiles --volumes --images`,
    why: 'what is shown, and how',
  },
  { names: '--format --filter -f', value: 'text', why: 'what is shown, and how' },
  { names: '-n --last --tail --limit', value: 'number-or-all', why: 'how much is shown' },
  { names: '--since --until', value: 'date', why: 'since when' },
  { names: '--status --type', value: 'word', why: 'what is shown' },
]
const LOGS: readonly OptionGroup[] = [
  { names: '-t --timestamps --details --no-log-prefix --no-color', why: 'how it is shown' },
  { names: '-n --tail', value: 'number-or-all', why: 'how much is shown' },
  { names: '--since --until', value: 'date', why: 'since when' },
]
const shows = (operands = 'word*', options = SHOW): Form => ({ why: 'only shows something', options, operands })
const NAMED: readonly OptionGroup[] = [
  { names: '-f --force -v --volumes -q --quiet --no-prune', why: 'how it is done or shown' },
  { names: '-t --time --timeout -s --signal', value: 'word', why: 'how it is done or shown' },
]

export const docker = (): ToolTable => ({
  tools: ['docker', 'podman', 'nerdctl'],
  about: 'Shows containers, images, networks and volumes; stops and removes them by name. What starts a program asks.',
  globalOptions: [{ names: '-v --version --help', why: 'says its version' }],
  forms: [{ why: 'says its version, or how it is used' }],
  commands: {
    'ps, container ls, container ps, container list': shows(''),
    'images, image ls, image list, history, image history': shows('image*'),
    'logs, container logs': shows('word', LOGS),
    'inspect, container inspect, image inspect, network inspect, volume inspect': shows('image+'),
    'top, container top': shows('word', []),
    'stats, container stats': { ...shows(), needs: '--no-stream' },
    'port, container port, diff, container diff': shows('word word?', []),
    'version, info, system df, system info, context ls, context show, plugin ls': shows(''),
    'network ls, volume ls, buildx ls, builder ls, node ls, stack ls, service ls, secret ls, config ls': shows(''),
    'service ps, service logs, stack ps, stack services': shows('word+', SHOW),
    search: { why: 'searches the registry', options: SHOW, operands: 'text' },
    'compose ps, compose ls, compose images, compose top, compose version': shows(),
    'compose logs': shows('word*', LOGS),
    'compose stop, compose pause, compose unpause, compose kill': { why: 'stops what runs', options: NAMED, operands: 'word*' },
    'pull, image pull': {
      why: 'takes an image by name',
      options: [
        { names: '-q --quiet -a --all-tags', why: 'how it is done or shown' },
        { names: '--platform', value: 'platform', why: 'for which machine' },
      ],
      operands: 'image',
    },
    'stop, kill, pause, unpause, wait, rm, container stop, container kill, container rm': {
      why: 'stops or removes by name',
      options: NAMED,
      operands: 'word+',
    },
    'rmi, image rm, network rm, volume rm': { why: 'removes by name', options: NAMED, operands: 'image+' },
    'tag, image tag': { why: 'gives an image another name', operands: 'image image' },
    'rename, container rename': { why: 'gives a container another name', operands: 'word word' },
  },
  asks: [
    {
      what: 'run, exec, start, restart, create, compose up, compose run, compose exec, compose start, compose restart, attach, debug, container run, container exec',
      why: 'starts programs, with whatever folders it is told',
    },
    { what: 'build, buildx build, image build, builder build, compose build, buildx', why: 'runs what a Dockerfile says' },
    { what: 'cp, save, load, export, import, commit, container cp', why: 'reads or writes files' },
    { what: 'login, logout, push, image push', why: 'signs in, or sends an image' },
    {
      what: 'system prune, container prune, image prune, volume prune, network prune, builder prune, compose down',
      why: 'removes what nobody named',
    },
    {
      what: '-H, --host, --config, -c, --context, --tlscacert, --tlscert, --tlskey, --connection, --url',
      why: 'reaches another machine, or other settings',
    },
    { what: 'logs -f, logs --follow, compose logs -f, compose logs --follow', why: 'never ends' },
    { what: 'compose, swarm, plugin, stack, service, secret, config, machine, context', why: 'changes what runs' },
  ],
})

export const compose = (): ToolTable => ({
  tools: ['docker-compose', 'podman-compose'],
  about: 'Shows what a compose file started.',
  globalOptions: [{ names: '-v --version --help', why: 'says its version' }],
  forms: [{ why: 'says its version' }],
  commands: {
    'ps, ls, images, top, version': shows(),
    logs: shows('word*', LOGS),
    'stop, pause, unpause, kill': { why: 'stops what runs', options: NAMED, operands: 'word*' },
  },
  asks: [
    { what: 'up, run, exec, start, restart, build, create, down, rm', why: 'starts programs, or removes what nobody named' },
    { what: '-f, --file, --project-directory, --env-file, -H', why: 'uses another file or machine' },
  ],
})
