// kubectl: what only shows something. Secrets, and what changes or starts anything, ask.

import type { Form, OptionGroup, ToolTable } from '../table.ts'

const OUTPUT: readonly OptionGroup[] = [
  {
    names: '-A --all-namespaces --show-labels --no-headers --ignore-not-found --show-kind --show-managed-fields ',
    why: 'what is shown',
  },
  { names: '-o --output', value: 'output-format', why: 'how it is shown' },
  { names: '-l --selector --field-selector --sort-by -L --label-columns', value: 'text', why: 'what is shown' },
]
const shows = (why: string, operands: string, options = OUTPUT): Form => ({ why, options, operands })

export const kubectl = (): ToolTable => ({
  tools: ['kubectl', 'oc'],
  about: 'Shows objects of a cluster, without secrets. It changes nothing.',
  options: [
    { names: '-n --namespace', value: 'word', why: 'in which name space' },
    { names: '--context', value: 'script', why: 'in which of the configured clusters' },
    { names: '--request-timeout', value: 'duration', why: 'how long' },
  ],
  globalOptions: [{ names: '-h --help --version', why: 'says how it is used' }],
  forms: [{ why: 'says how it is used' }],
  commands: {
    get: shows('shows objects', 'resource word*', [...OUTPUT, { names: '--show-events', why: 'what is shown' }]),
    describe: shows('shows objects', 'resource word*', [...OUTPUT, { names: '--show-events', why: 'what is shown' }]),
    'top node, top nodes, top pod, top pods, top no, top po': shows('shows what is used', 'word*', [
      ...OUTPUT,
      { names: '--containers --sum --use-protocol-buffers', why: 'what is shown' },
    ]),
    logs: {
      why: 'shows the log of a container',
      options: [
        { names: '-p --previous --all-containers --timestamps --prefix --ignore-errors', why: 'what is shown' },
        { names: '-c --container', value: 'word', why: 'of which container' },
        { names: '--tail --since --limit-bytes --max-log-requests', value: 'amount', why: 'how much is shown' },
        { names: '--since-time', value: 'date', why: 'how much is shown' },
        { names: '-l --selector', value: 'text', why: 'what is shown' },
      ],
      operands: 'pod? word?',
    },
    events: shows('shows what happened', '', [
      ...OUTPUT,
      { names: '--for', value: 'pod', why: 'to what' },
      { names: '--types', value: 'text', why: 'what is shown' },
    ]),
    explain: {
      why: 'explains a kind of object',
      options: [
        { names: '--recursive', why: 'in full' },
        { names: '--api-version', value: 'script', why: 'which version' },
      ],
      operands: 'script',
    },
    'api-resources, api-versions': shows('lists kinds of objects', '', [
      ...OUTPUT,
      { names: '--api-group', value: 'script', why: 'what is listed' },
      { names: '--namespaced --verbs', attached: 'text', why: 'what is listed' },
    ]),
    'version, cluster-info': {
      why: 'says its version',
      options: [
        { names: '--client --short', why: 'what is shown' },
        { names: '-o --output', value: 'json|yaml', why: 'how it is done or shown' },
      ],
    },
    'config current-context, config get-contexts, config get-clusters, config get-users': shows(
      'shows which clusters are configured',
      'script*',
    ),
    'rollout status, rollout history': {
      why: 'shows how a change goes on',
      options: [{ names: '--watch --revision --timeout', attached: 'word', why: 'what is shown' }],
      operands: 'resource word*',
    },
    'auth can-i, auth whoami': {
      why: 'says what is allowed',
      options: [{ names: '--list -q --quiet -A --all-namespaces', why: 'what is shown' }],
      operands: 'word? resource? word?',
    },
    'plugin list': { why: 'lists extensions' },
    wait: {
      why: 'waits for an object',
      options: [
        { names: '--for', value: 'text', why: 'for what' },
        { names: '--timeout', value: 'duration', why: 'how long' },
        { names: '--all', why: 'for all' },
      ],
      operands: 'resource word*',
    },
  },
  asks: [
    {
      what: 'apply, create, delete, edit, patch, replace, scale, set, label, annotate, taint, drain, cordon, uncordon, autoscale, expose, run, rollout restart, rollout undo, certificate',
      why: 'changes the cluster',
    },
    {
      what: 'exec, attach, cp, debug, port-forward, proxy, rsh, rsync, kustomize, ssh',
      why: 'starts programs, reads or writes files, or opens a way in',
    },
    { what: 'config, config view, config set-context, config use-context', why: 'shows credentials, or changes settings' },
    {
      what: '--kubeconfig, -s, --server, --token, --as, --as-group, --cluster, --user, --certificate-authority, --client-certificate, --client-key, --cache-dir',
      why: 'reaches another cluster, or as someone else',
    },
    {
      what: '-f, --filename, -k, --kustomize, -R, --raw, --template, --profile-output',
      why: 'reads or writes files, or asks any address of the server',
    },
    { what: '-w, --watch, logs -f, logs --follow', why: 'never ends' },
  ],
})

export const helm = (): ToolTable => ({
  tools: ['helm'],
  about: 'Shows what is installed in a cluster. It changes nothing.',
  options: [{ names: '-n --namespace', value: 'word', why: 'in which name space' }],
  globalOptions: [{ names: '-h --help', why: 'says how it is used' }],
  forms: [{ why: 'says how it is used' }],
  commands: {
    'list, ls': {
      why: 'lists what is installed',
      options: [
        {
          names: '-A --all-namespaces -a --all -q --short -d --date -r --reverse --failed --deployed --pending',
          why: 'what is listed',
        },
        { names: '-o --output', value: 'json|yaml|table', why: 'how it is done or shown' },
      ],
    },
    'status, history': {
      why: 'shows what is installed',
      options: [
        { names: '-o --output', value: 'json|yaml|table', why: 'how it is done or shown' },
        { names: '--revision --max', value: 'number', why: 'which of them it is done with' },
      ],
      operands: 'word',
    },
    'search repo, search hub': {
      why: 'searches',
      options: [
        { names: '-l --versions --devel', why: 'what is listed' },
        { names: '-o --output', value: 'json|yaml|table', why: 'how it is done or shown' },
      ],
      operands: 'script*',
    },
    'repo list, env, version, plugin list': {
      why: 'says what is configured',
      options: [{ names: '--short', why: 'how it is done or shown' }],
    },
  },
  asks: [
    {
      what: 'install, upgrade, uninstall, rollback, repo add, repo update, plugin, plugin install, push, pull, registry, create, test',
      why: 'changes the cluster, or takes and starts programs',
    },
    { what: 'template, lint, package, dependency, show, get', why: 'reads or writes files, or shows secrets' },
    {
      what: '--kubeconfig, --post-renderer, --kube-context, --kube-token, --kube-apiserver, -f, --values',
      why: 'starts a program, or reaches another cluster',
    },
  ],
})

export const clusterTools = (): ToolTable => ({
  tools: ['k3s', 'k9s', 'istioctl'],
  about: 'Reaches a cluster by many ways.',
  commands: {
    version: { why: 'says its version', options: [{ names: '-s --short', why: 'how it is done or shown' }] },
  },
  asks: [],
})
