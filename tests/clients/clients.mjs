// Real clients, unmodified, against a running server.
// Arguments: FHIR base, token.  Prints "N passed, N failed".
import * as kitModule from 'fhir-kit-client';
import smartEntry from 'fhirclient';
import { MedplumClient, OperationOutcomeError } from '@medplum/core';

const Kit = kitModule.FhirClient ?? kitModule.Client;

const [base, token] = process.argv.slice(2);
let passed = 0, failed = 0;

function check(name, condition, detail = '') {
  if (condition) passed++;
  else { failed++; console.log(`not ok: ${name} ${detail}`); }
}

async function step(name, work) {
  try { await work(); } catch (e) { check(name, false, (e && e.stack || String(e)).slice(0, 600)); }
}

const patient = (family, more = {}) => ({
  resourceType: 'Patient', name: [{ family, given: ['Real', 'Client'] }], gender: 'female', ...more });
const observation = (subject, value) => ({
  resourceType: 'Observation', status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] }, subject: { reference: subject },
  effectiveDateTime: '2026-03-01T08:00:00Z',
  valueQuantity: { value, unit: 'beats/min', system: 'http://unitsofmeasure.org', code: '/min' } });

async function kit() {
  const c = new Kit({ baseUrl: base, customHeaders: { Authorization: `Bearer ${token}` } });
  let p;

  await step('kit: capabilities', async () => {
    const s = await c.capabilityStatement();
    check('kit: capabilities', s.fhirVersion === '4.0.1' && s.rest[0].resource.length > 140);
  });
  await step('kit: create, read, vread, update, history', async () => {
    p = await c.create({ resourceType: 'Patient', body: patient('Kit') });
    check('kit: create gives id and version', p.id && p.meta.versionId);
    const r = await c.read({ resourceType: 'Patient', id: p.id });
    check('kit: read', r.name[0].family === 'Kit');
    const u = await c.update({ resourceType: 'Patient', id: p.id, body: { ...r, gender: 'male' } });
    check('kit: update', u.gender === 'male' && u.meta.versionId !== p.meta.versionId);
    const v = await c.vread({ resourceType: 'Patient', id: p.id, version: p.meta.versionId });
    check('kit: vread', v.gender === 'female');
    const h = await c.history({ resourceType: 'Patient', id: p.id });
    check('kit: history of an instance', h.type === 'history' && h.entry.length === 2);
    const ht = await c.history({ resourceType: 'Patient' });
    check('kit: history of a type', ht.type === 'history' && ht.entry.length >= 2);
    const hs = await c.history();
    check('kit: history of the system', hs.type === 'history' && hs.entry.length >= 2);
  });
  await step('kit: patch', async () => {
    const r = await c.patch({ resourceType: 'Patient', id: p.id,
      jsonPatch: [{ op: 'replace', path: '/gender', value: 'other' }] });
    check('kit: JSON Patch', r.gender === 'other');
  });
  await step('kit: search and pages', async () => {
    for (let i = 0; i < 5; i++)
      await c.create({ resourceType: 'Observation', body: observation(`Patient/${p.id}`, 60 + i) });
    let page = await c.search({ resourceType: 'Observation',
      searchParams: { subject: `Patient/${p.id}`, _count: 2, _sort: '-_lastUpdated' } });
    let seen = page.entry.length;
    while ((page = await c.nextPage({ bundle: page })) !== undefined) {
      if (!page.entry) break;
      seen += page.entry.length;
    }
    check('kit: pages give each once', seen === 5, seen);
    const inc = await c.search({ resourceType: 'Observation',
      searchParams: { subject: `Patient/${p.id}`, _include: 'Observation:subject' } });
    check('kit: _include', inc.entry.filter(e => e.search.mode === 'include').length === 1);
    const comp = await c.compartmentSearch({ resourceType: 'Observation',
      compartment: { resourceType: 'Patient', id: p.id } });
    check('kit: compartment search', comp.entry.length === 5);
    const sys = await c.search({ searchParams: { _type: 'Patient,Observation', _count: 3 } });
    check('kit: search of the system', sys.entry.length === 3);
  });
  await step('kit: references', async () => {
    const o = (await c.search({ resourceType: 'Observation', searchParams: { subject: p.id, _count: 1 } }))
      .entry[0].resource;
    const r = await c.resolve({ reference: o.subject.reference });
    check('kit: resolve', r.id === p.id);
  });
  await step('kit: batch and transaction', async () => {
    const t = await c.transaction({ body: { resourceType: 'Bundle', type: 'transaction', entry: [
      { fullUrl: 'urn:uuid:9c2ff6d8-4a79-4b4e-9dd2-111111111111', resource: patient('InTransaction'),
        request: { method: 'POST', url: 'Patient' } },
      { resource: observation('urn:uuid:9c2ff6d8-4a79-4b4e-9dd2-111111111111', 81),
        request: { method: 'POST', url: 'Observation' } } ] } });
    check('kit: transaction', t.entry.every(e => e.response.status.startsWith('201')));
    const b = await c.batch({ body: { resourceType: 'Bundle', type: 'batch', entry: [
      { request: { method: 'GET', url: `Patient/${p.id}` } },
      { request: { method: 'GET', url: 'Patient/nobody' } } ] } });
    check('kit: batch', b.entry[0].response.status.startsWith('200')
      && b.entry[1].response.status.startsWith('404'));
  });
  await step('kit: operation', async () => {
    const r = await c.operation({ name: 'validate', resourceType: 'Patient', input: patient('Fine') });
    check('kit: $validate', r.resourceType === 'OperationOutcome');
    const e = await c.operation({ name: 'everything', resourceType: 'Patient', id: p.id, method: 'GET' });
    check('kit: $everything', e.entry.length === 6, e.entry && e.entry.length);
  });
  await step('kit: refusals', async () => {
    try {
      await c.create({ resourceType: 'Patient', body: { resourceType: 'Patient', nonsense: 1 } });
      check('kit: a bad resource is refused', false);
    } catch (e) {
      check('kit: a bad resource is refused', e.response.status === 422
        && e.response.data.resourceType === 'OperationOutcome', e.response && e.response.status);
    }
  });
  await step('kit: delete', async () => {
    const q = await c.create({ resourceType: 'Patient', body: patient('Leaving') });
    await c.delete({ resourceType: 'Patient', id: q.id });
    try { await c.read({ resourceType: 'Patient', id: q.id }); check('kit: gone', false); }
    catch (e) { check('kit: gone', e.response.status === 410); }
  });
}

async function smart() {
  const smartApi = smartEntry({ headers: {} }, {}, () => ({}));
  const c = smartApi.client({ serverUrl: base, tokenResponse: { access_token: token } });
  let p;

  await step('fhirclient: create, read, update', async () => {
    p = await c.create(patient('Smart'));
    const r = await c.request(`Patient/${p.id}`);
    check('fhirclient: read', r.id === p.id);
    const u = await c.update({ ...r, gender: 'unknown' });
    check('fhirclient: update', u.gender === 'unknown');
    const q = await c.patch(`Patient/${p.id}`, [{ op: 'add', path: '/birthDate', value: '1970-01-01' }]);
    check('fhirclient: patch', q.birthDate === '1970-01-01');
  });
  await step('fhirclient: all pages, references resolved', async () => {
    for (let i = 0; i < 3; i++) await c.create(observation(`Patient/${p.id}`, 50 + i));
    const all = await c.request(`Observation?subject=Patient/${p.id}&_count=1`,
      { pageLimit: 0, flat: true, resolveReferences: ['subject'] });
    check('fhirclient: pages flattened', all.length === 3, all.length);
    check('fhirclient: references resolved', all.every(o => o.subject.resourceType === 'Patient'));
  });
  await step('fhirclient: version and delete', async () => {
    check('fhirclient: release', await c.getFhirRelease() === 4);
    const q = await c.create(patient('SmartLeaving'));
    await c.delete(`Patient/${q.id}`);
    try { await c.request(`Patient/${q.id}`); check('fhirclient: gone', false); }
    catch (e) { check('fhirclient: gone', e.status === 410, e.status); }
  });
}

async function medplum() {
  const c = new MedplumClient({ baseUrl: base.replace(/fhir$/, ''), fhirUrlPath: 'fhir',
    accessToken: token, fetch, cacheTime: 0 });
  let p;

  await step('medplum: resources', async () => {
    p = await c.createResource(patient('Plum', { identifier: [{ system: 'http://plum.test', value: 'p1' }] }));
    check('medplum: create', !!p.id);
    check('medplum: read', (await c.readResource('Patient', p.id)).id === p.id);
    const u = await c.updateResource({ ...p, birthDate: '1980-02-03' });
    check('medplum: update', u.birthDate === '1980-02-03');
    const q = await c.patchResource('Patient', p.id, [{ op: 'replace', path: '/birthDate', value: '1981-02-03' }]);
    check('medplum: patch', q.birthDate === '1981-02-03');
    check('medplum: history', (await c.readHistory('Patient', p.id)).entry.length === 3);
    check('medplum: version', (await c.readVersion('Patient', p.id, p.meta.versionId)).id === p.id);
    check('medplum: everything', (await c.readPatientEverything(p.id)).entry.length === 1);
  });
  await step('medplum: search', async () => {
    const one = await c.searchOne('Patient', { identifier: 'http://plum.test|p1' });
    check('medplum: searchOne', one.id === p.id);
    const list = await c.searchResources('Patient', 'name=Plum&_sort=-_lastUpdated');
    check('medplum: searchResources', list.length === 1);
    let pages = 0;
    for await (const page of c.searchResourcePages('Patient', '_count=2')) pages += page.length > 0;
    check('medplum: pages', pages >= 2, pages);
  });
  await step('medplum: conditional create, upsert', async () => {
    const again = await c.createResourceIfNoneExist(
      patient('Plum', { identifier: [{ system: 'http://plum.test', value: 'p1' }] }),
      'identifier=http://plum.test|p1');
    check('medplum: conditional create finds it', again.id === p.id);
    const up = await c.upsertResource(patient('Upserted', { identifier: [{ system: 'http://plum.test', value: 'p2' }] }),
      'identifier=http://plum.test|p2');
    const up2 = await c.upsertResource({ ...patient('UpsertedTwice', { identifier: [{ system: 'http://plum.test', value: 'p2' }] }) },
      'identifier=http://plum.test|p2');
    check('medplum: upsert', up.id === up2.id && up2.name[0].family === 'UpsertedTwice');
  });
  await step('medplum: batch', async () => {
    const b = await c.executeBatch({ resourceType: 'Bundle', type: 'transaction', entry: [
      { resource: patient('PlumBatch', { identifier: [{ system: 'http://plum.test', value: 'p3' }] }),
        request: { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=http://plum.test|p3' } } ] });
    check('medplum: batch', b.entry[0].response.status.startsWith('201'));
  });
  await step('medplum: value sets', async () => {
    const v = await c.valueSetExpand({ url: 'http://hl7.org/fhir/ValueSet/administrative-gender' });
    check('medplum: expand', v.expansion.contains.length === 4);
  });
  await step('medplum: outcome', async () => {
    try { await c.readResource('Patient', 'nobody'); check('medplum: not found', false); }
    catch (e) { check('medplum: not found', e instanceof OperationOutcomeError && e.outcome.issue[0].code === 'not-found'); }
  });
}

(async () => {
  await kit();
  await smart();
  await medplum();
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
})();
