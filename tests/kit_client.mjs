// Drives the server with fhir-kit-client, a client that we did not write.  Arguments: base URL, token.
import { Client } from 'fhir-kit-client';
import assert from 'node:assert/strict';

const [baseUrl, token] = process.argv.slice(2);
const client = new Client({ baseUrl, bearerToken: token });
const system = 'urn:example:kit';
const named = (value, more = {}) => ({ resourceType: 'Patient', identifier: [{ system, value }], ...more });
let passed = 0;

async function check(name, work) {
	try {
		await work();
		passed++;
	} catch (e) {
		failed++;
		console.log(`not ok: ${name} ${e.message} ${JSON.stringify(e.response?.data ?? '')}`);
	}
}
let failed = 0;

async function refused(status, work) {
	await assert.rejects(work, (e) => e.response?.status === status);
}

let made;
await check('create, read, vread', async () => {
	made = await client.create({ resourceType: 'Patient', body: named('a') });
	assert.deepEqual(await client.read({ resourceType: 'Patient', id: made.id }), made);
	assert.deepEqual(await client.vread({ resourceType: 'Patient', id: made.id, version: made.meta.versionId }), made);
});
await check('update', async () => {
	const got = await client.update({ resourceType: 'Patient', id: made.id, body: { ...made, gender: 'female' } });
	assert.equal(got.gender, 'female');
});
await check('conditional update', async () => {
	const got = await client.update({ resourceType: 'Patient', searchParams: { identifier: `${system}|a` }, body: named('a', { active: true }) });
	assert.equal(got.id, made.id);
});
await check('conditional create', async () => {
	const headers = { 'If-None-Exist': `identifier=${system}|a` };
	const got = await client.create({ resourceType: 'Patient', body: named('a'), options: { headers } });
	assert.equal(got.id, made.id);
});
await check('patch', async () => {
	const jsonPatch = [{ op: 'test', path: '/active', value: true }, { op: 'replace', path: '/active', value: false }];
	assert.equal((await client.patch({ resourceType: 'Patient', id: made.id, jsonPatch })).active, false);
	await refused(422, () => client.patch({ resourceType: 'Patient', id: made.id, jsonPatch }));
});
await check('history', async () => {
	const one = await client.history({ resourceType: 'Patient', id: made.id });
	assert.deepEqual(one.entry.map((e) => e.request.method), ['PUT', 'PUT', 'PUT', 'POST']);
	assert.equal((await client.history({ resourceType: 'Patient' })).entry.length, 4);
	assert.equal((await client.history()).entry.length, 4);
});
await check('transaction', async () => {
	const body = { resourceType: 'Bundle', type: 'transaction', entry: [
		{ fullUrl: 'urn:uuid:6f9c4bd0-1f1f-4c53-8f7b-0b3a2d4f0c11', resource: named('t'), request: { method: 'POST', url: 'Patient' } },
		{ resource: { resourceType: 'Basic', code: { text: 'x' }, subject: { reference: 'urn:uuid:6f9c4bd0-1f1f-4c53-8f7b-0b3a2d4f0c11' } },
			request: { method: 'POST', url: 'Basic' } },
		{ request: { method: 'GET', url: `Patient?identifier=${system}|t` } }] };
	const got = await client.transaction({ body });
	assert.deepEqual(got.entry.map((e) => e.response.status), ['201', '201', '200']);
	assert.equal(got.entry[2].resource.entry.length, 1);
});
await check('batch', async () => {
	const body = { resourceType: 'Bundle', type: 'batch', entry: [
		{ request: { method: 'GET', url: `Patient/${made.id}` } }, { request: { method: 'GET', url: 'Patient/absent' } }] };
	assert.deepEqual((await client.batch({ body })).entry.map((e) => e.response.status), ['200', '404']);
});
await check('$meta-add', async () => {
	const input = { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: { tag: [{ system, code: 'kit' }] } }] };
	const got = await client.operation({ name: 'meta-add', resourceType: 'Patient', id: made.id, input });
	assert.equal(got.parameter[0].valueMeta.tag[0].code, 'kit');
});
await check('pages of a search', async () => {
	const first = await client.search({ resourceType: 'Patient', searchParams: { _count: 1 } });
	assert.equal((await client.nextPage({ bundle: first })).entry.length, 1);
});
await check('delete', async () => {
	await client.delete({ resourceType: 'Patient', id: made.id });
	await refused(410, () => client.read({ resourceType: 'Patient', id: made.id }));
});
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
