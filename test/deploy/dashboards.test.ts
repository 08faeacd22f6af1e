import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { stringify } from 'yaml';

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets: readonly { readonly refId: string; readonly expr: string }[];
  }[];
}

const folder = join(import.meta.dirname, '../../config/grafana/dashboards');
const dashboards = readdirSync(folder).map(name => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Dashboard);

test('every panel asks in PromQL', async t => {
  const rules = dashboards.flatMap(({ panels }, board) =>
    panels.flatMap(({ id, targets }) =>
      targets.map(({ refId, expr }) => ({ record: `panel:b${board}_p${id}_${refId}`, expr })),
    ),
  );
  const dir = mkdtempSync(join(tmpdir(), 'meridian-promtool-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, 'rules.yml'), stringify({ groups: [{ name: 'panels', rules }] }));
  const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'rules', 'rules.yml'], {
    cwd: dir,
    encoding: 'utf8',
  });
  t.equal(status, 0, error?.message ?? `${stdout}${stderr}`);
  t.match(stdout, `${rules.length} rules found`);
});

test('panels have a place and a number of their own', async t => {
  t.equal(new Set(dashboards.map(({ uid }) => uid)).size, dashboards.length);
  for (const { uid, panels } of dashboards) {
    t.equal(new Set(panels.map(({ id }) => id)).size, panels.length, uid);
    t.equal(new Set(panels.map(({ gridPos: { x, y } }) => `${x} ${y}`)).size, panels.length, uid);
    for (const { title, gridPos } of panels) t.ok(gridPos.x + gridPos.w <= 24, title);
  }
});
