"""The forms that come out of the schema, against one another. Called by test_lang.sh:
lang_check.py PROGRAM WORK DIRECTORY…  (rules directories). Prints what is wrong; status 1 then."""
import copy
import html.parser
import json
import os
import subprocess
import sys

import jsonschema

program, work = sys.argv[1:3]
directories = sys.argv[3:]
failed = 0
checks = 0


def check(good, what):
    global failed, checks
    checks += 1
    if not good:
        failed += 1
        print("FAILED:", what)


def ripen(*arguments, status=0):
    done = subprocess.run([program, *arguments], capture_output=True, timeout=60)
    check(done.returncode == status, f"{arguments}: status {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode()


words = json.loads(ripen("help", "rules", "--format", "json"))
schema = json.loads(ripen("help", "rules", "--format", "json-schema"))
types = open(os.path.join(work, "rules/.ripen/ripen.d.lua"), encoding="utf-8").read()
luacheck = open(os.path.join(work, "rules/.luacheckrc"), encoding="utf-8").read()
classes = {}
for block in types.split("---@class ")[1:]:
    name, _, rest = block.partition("\n")
    lines = [line for line in rest.split("\n\n")[0].split("\n") if line.startswith("---@field ")]
    classes[name.split(" ")[0]] = {line.split(" ")[1].rstrip("?") for line in lines}


# ---- Every field of every word in the types and in the JSON Schema
def inner(form):
    """The object or array behind the alternatives of a field."""
    for one in form.get("anyOf", []):
        if one.get("type") in ("object", "array") and ("properties" in one or "items" in one):
            return one
    return None


def walk(holder, form, class_name, where):
    fields = holder.get("fields", [])
    known = classes.get(class_name)
    check(known is not None, f"no class {class_name}")
    for field in fields:
        check(known and field["name"] in known, f"types: {class_name} lacks {field['name']}")
        check(form and field["name"] in form.get("properties", {}), f"schema: {where} lacks {field['name']}")
        below = form["properties"].get(field["name"]) if form else None
        deeper(field, below, f"{class_name}.{field['name']}", f"{where}.{field['name']}")
        check(not field["needed"] or field["name"] in form.get("required", []), f"{where}.{field['name']} is needed")
    if "entry" in holder:
        check(known and "[string]" in known, f"types: {class_name} lacks [string]")
        check(form and form.get("additionalProperties") not in (None, False), f"schema: {where} has no entries")
        deeper(holder["entry"], form.get("additionalProperties"), f"{class_name}.{holder['entry']['name']}", where)
    if "element" in holder:
        check(known and "[integer]" in known, f"types: {class_name} lacks [integer]")
        items = form.get("items") or form.get("properties", {}).get("$items", {}).get("items")
        check(items is not None, f"schema: {where} has no elements")
        deeper(holder["element"], items, f"{class_name}.{holder['element']['name']}", where)


def deeper(field, form, class_name, where):
    if any(key in field for key in ("fields", "entry", "element")):
        walk(field, inner(form or {}), class_name.replace(" ", "_"), where)


declarations = {one["title"]: one for one in schema["$defs"]["declaration"]["oneOf"]}
for word in words:
    name = word["name"]
    check(f"function {name}(" in types, f"types: no function {name}")
    check(f'"{name}"' in luacheck, f".luacheckrc: no {name}")
    check(f"\n{name}" in "\n" + ripen("help", "rules", name), f"help of {name}")
    if word["in"] == "ripen.lua":
        continue
    if word["is"] == "declaration":
        walk(word, declarations[name]["properties"]["fields"], f"ripen.{name}", name)
        continue
    form = schema["$defs"][f"call.{name}"]
    for taken in word["takes"]:
        check(taken["name"] in form["properties"], f"schema: {name} lacks {taken['name']}")
        deeper(taken, form["properties"][taken["name"]], f"ripen.{name}.{taken['name']}", name)

# ---- Examples of ripen.lua are a configuration
os.environ.update(CRM_URL="https://crm.test", CRM_SECRET="whsec_c2VjcmV0", HUBSPOT_SECRET="x")
config = os.path.join(work, "example.lua")
with open(config, "w", encoding="utf-8") as file:
    file.write("\n".join(word["example"] for word in words if word["in"] == "ripen.lua" and word["is"] == "declaration"))
plain = os.path.join(work, "plain")
os.makedirs(plain)
with open(os.path.join(plain, "10.lua"), "w", encoding="utf-8") as file:
    file.write('dimension "engagement" { }\nscore "x" { why = "w", on = "x", points = 1 }\n')
ripen("check", plain, "--config", config)

# ---- Exports fit the schema, twice the same; what is not one does not
validator = jsonschema.Draft202012Validator
validator.check_schema(schema)
validator = validator(schema)
export = None
for directory in directories:
    text = ripen("rules", "export", directory)
    check(text == ripen("rules", "export", directory), f"{directory}: two exports differ")
    export = json.loads(text)
    for error in validator.iter_errors(export):
        check(False, f"{directory}: {list(error.path)}: {error.message[:200]}")
    sources = {one["path"] for one in export["files"]}
    check(all(one["file"] in sources and one["line"] > 0 for one in export["declarations"]), f"{directory}: places")
    page = ripen("rules", "doc", directory)
    for one in export["declarations"]:
        if one["declare"] in ("score", "fit", "stage", "action", "sequence", "segment", "exclude"):
            named = one["name"].replace("_", "\\_")
            check(named in page, f"{directory}: the page lacks {one['declare']} {one['name']}")
            why = one["fields"].get("why", "").split("{")[0].strip().replace("_", "\\_")
            check(why in page, f"{directory}: the page lacks the why of {one['name']}")


def refused(change, what):
    other = copy.deepcopy(export)
    change(other)
    check(any(True for _ in validator.iter_errors(other)), f"the schema takes {what}")


def first(data, declare):
    return next(one for one in data["declarations"] if one["declare"] == declare)


refused(lambda e: e.pop("hash"), "an export without its hash")
refused(lambda e: first(e, "score").update(declare="skore"), "an unknown declaration")
refused(lambda e: first(e, "score")["fields"].update(point=1), "an unknown field")
refused(lambda e: first(e, "score")["fields"].update(points="10"), "points as a text")
refused(lambda e: first(e, "score")["fields"].update(mode="loud"), "a choice that there is not")
refused(lambda e: first(e, "score")["fields"].pop("on"), "a score without its event")
refused(lambda e: first(e, "score")["fields"].update(when={"$call": "globb", "text": "x"}), "an unknown matcher")
refused(lambda e: first(e, "score")["fields"].update(when={"$call": "entered", "stage": "mql"}), "a trigger for a condition")
refused(lambda e: first(e, "score")["fields"].update(limit={"times": 0}), "a number out of its bounds")
refused(lambda e: e["files"][0].update(sha256="no"), "a digest that is none")


# ---- The page: closed marks, nothing from outside, no text of an author as a mark
class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen, self.links, self.bad = [], set(), [], []

    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)
        self.links += [value for name, value in attributes if name in ("src", "href", "srcset", "action")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.bad.append(tag)


nasty = os.path.join(work, "nasty")
os.makedirs(nasty, exist_ok=True)
with open(os.path.join(nasty, "10.lua"), "w", encoding="utf-8") as file:
    file.write('dimension "engagement" { why = "a|b <b>c</b>" }\n'
               'score "s<i>" { why = "</td><script>alert(1)</script> & \\"it\\"", on = "x\\n## y", points = 1, '
               'when = { ["<u>"] = glob "`*|<img src=x onerror=1>" } }\n')
text = ripen("rules", "doc", nasty, "--format", "html", "--title", "<Model>")
page = Page()
page.feed(text)
check(not page.open and not page.bad, f"marks that are not closed: {page.open} {page.bad}")
check(not page.seen & {"script", "img", "b", "i", "u", "link", "iframe"}, f"marks of an author: {page.seen}")
check(not page.links and "url(" not in text and "@import" not in text, "the page asks for something outside")
check("&lt;script&gt;alert(1)" in text and "<title>&lt;Model&gt;</title>" in text, "escapes")
text = ripen("rules", "doc", nasty)
check("<script" not in text.replace("\\<", "") and "\n## y" not in text and "a\\|b" in text, "escapes of Markdown")
for directory in directories[:2]:
    page = Page()
    page.feed(ripen("rules", "doc", directory, "--format", "html"))
    check(not page.open and not page.bad and not page.links, f"{directory}: the page")

print(f"{checks} checks of lang_check.py, {failed} failed")
sys.exit(failed > 0)
