# MISP events that `report --format misp` wrote, held against the published object templates and relationships (tests/misp) and
# the MISP core format. misp.py TEMPLATES FILE...; a file ending in .ndjson has an event on each line. Ends with 1 and says
# what is wrong, else says how many were read.
import base64
import json
import os
import re
import sys
import uuid

DISTRIBUTIONS = {'0', '1', '2', '3', '4', '5'}
VALUES = {
    'url': r'[A-Za-z][A-Za-z0-9+.-]*:\S+',
    'hostname': r'([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]+',
    'domain': r'([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]+',
    'ip-dst': r'[0-9a-fA-F.:]+',
    'port': r'[0-9]{1,5}',
    'AS': r'[0-9]+',
    'sha256': r'[0-9a-f]{64}',
    'x509-fingerprint-sha256': r'[0-9a-f]{64}',
    'ja3-fingerprint-md5': r'[0-9a-f]{32}',
    'datetime': r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z',
    'size-in-bytes': r'[0-9]+',
}


def load(folder):
    templates = {}
    for name in os.listdir(os.path.join(folder, 'objects')):
        with open(os.path.join(folder, 'objects', name, 'definition.json'), encoding='utf-8') as f:
            templates[name] = json.load(f)
    with open(os.path.join(folder, 'relationships', 'definition.json'), encoding='utf-8') as f:
        relations = {v['name'] for v in json.load(f)['values']}
    return templates, relations


def check_uuid(text):
    u = uuid.UUID(text)
    assert str(u) == text and u.version == 5, 'no UUID of version 5: %s' % text


def check_value(attribute):
    value = attribute['value']
    assert isinstance(value, str) and value != ''
    assert not re.search('[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]', value), 'hidden: %r' % value
    pattern = VALUES.get(attribute['type'])
    assert pattern is None or re.fullmatch(pattern, value), '%s: %r' % (attribute['type'], value[:80])
    if attribute['type'] == 'attachment':
        base64.b64decode(attribute['data'], validate=True)
    else:
        assert 'data' not in attribute


def check_attribute(attribute, seen):
    check_uuid(attribute['uuid'])
    assert attribute['uuid'] not in seen, 'a UUID twice'
    seen.add(attribute['uuid'])
    assert attribute['distribution'] in DISTRIBUTIONS
    assert isinstance(attribute['to_ids'], bool) and attribute['category']
    check_value(attribute)


def check_object(o, templates, seen):
    t = templates[o['name']]
    assert o['template_uuid'] == t['uuid'] and o['template_version'] == str(t['version']), o['name']
    assert o['meta-category'] == t['meta-category']
    check_uuid(o['uuid'])
    assert o['uuid'] not in seen, 'a UUID twice'
    seen.add(o['uuid'])
    names = []
    for a in o['Attribute']:
        check_attribute(a, seen)
        rule = t['attributes'].get(a['object_relation'])
        assert rule is not None, '%s has no %s' % (o['name'], a['object_relation'])
        assert rule['misp-attribute'] == a['type'], '%s: %s' % (a['object_relation'], a['type'])
        assert a['category'] in rule.get('categories', [a['category']]), '%s: %s' % (a['object_relation'], a['category'])
        assert not a['to_ids'] or rule.get('to_ids', True), '%s is never to_ids' % a['object_relation']
        assert a['value'] in rule.get('values_list', [a['value']]), a['value']
        names.append(a['object_relation'])
    for name in set(names):
        assert names.count(name) == 1 or t['attributes'][name].get('multiple'), '%s twice' % name
    assert set(t.get('required', [])) <= set(names), '%s: required: %s' % (o['name'], names)
    one_of = t.get('requiredOneOf')
    assert one_of is None or set(one_of) & set(names), '%s: none of the required: %s' % (o['name'], names)


def check(text, templates, relations):
    assert not re.search(r'[^\x20-\x7e\n]', text), 'a raw control byte, or one that is not ASCII'
    event = json.loads(text)['Event']
    seen = set()
    check_uuid(event['uuid'])
    assert event['distribution'] == '0' and event['published'] is False
    assert event['threat_level_id'] in '1234' and event['analysis'] in '012'
    assert re.fullmatch(r'\d{4}-\d\d-\d\d', event['date']) and event['info']
    assert {'name': 'tlp:amber'} in event['Tag']
    for a in event['Attribute']:
        check_attribute(a, seen)
    for o in event['Object']:
        check_object(o, templates, seen)
    known = {o['uuid'] for o in event['Object']}
    for o in event['Object']:
        for r in o['ObjectReference']:
            assert r['relationship_type'] in relations, r['relationship_type']
            assert r['object_uuid'] == o['uuid'] and r['referenced_uuid'] in known
            check_uuid(r['uuid'])
            assert r['uuid'] not in seen
            seen.add(r['uuid'])


def main():
    templates, relations = load(sys.argv[1])
    read = wrong = 0
    for path in sys.argv[2:]:
        with open(path, encoding='utf-8') as f:
            texts = f.read().splitlines() if path.endswith('.ndjson') else [f.read()]
        for n, text in enumerate(texts, 1):
            read += 1
            try:
                check(text, templates, relations)
            except Exception as e:  # whatever it is, it is wrong
                wrong += 1
                if wrong <= 10:
                    print('%s:%d: %s: %s' % (path, n, type(e).__name__, e))
    print('%d of %d events: wrong' % (wrong, read) if wrong else '%d events: read' % read)
    return 1 if wrong or read == 0 else 0


sys.exit(main())
