# Trims the description of the API to what the double serves: of each path the schema of GET's answer 200, and of the
# definitions that it is made of the types, the date-time formats and the enumerations.
#   jq -f trim.jq v1.json > description.json
def bare:
  with_entries(select(.key | IN("$ref", "type", "format", "enum", "items", "properties", "additionalProperties")))
  | if .format == "date-time" then . else del(.format) end
  | if .items then .items |= bare else . end
  | if .additionalProperties then .additionalProperties |= bare else . end
  | if .properties then .properties |= map_values(bare) else . end;
def names: [.. | objects | .["$ref"]? | strings | ltrimstr("#/definitions/")];
. as $all
| def answer: if .["$ref"] then $all.responses[.["$ref"] | ltrimstr("#/responses/")] else . end;
([ "/version", "/settings/api", "/user", "/repos/{owner}/{repo}",
   "/repos/{owner}/{repo}/issues", "/repos/{owner}/{repo}/issues/comments", "/repos/{owner}/{repo}/issues/{index}",
   "/repos/{owner}/{repo}/issues/{index}/blocks", "/repos/{owner}/{repo}/issues/{index}/comments",
   "/repos/{owner}/{repo}/issues/{index}/dependencies", "/repos/{owner}/{repo}/issues/{index}/labels",
   "/repos/{owner}/{repo}/issues/{index}/timeline", "/repos/{owner}/{repo}/labels", "/repos/{owner}/{repo}/labels/{id}",
   "/repos/{owner}/{repo}/milestones", "/repos/{owner}/{repo}/milestones/{id}", "/repos/{owner}/{repo}/pulls",
   "/repos/{owner}/{repo}/pulls/{index}", "/repos/{owner}/{repo}/pulls/{index}/commits",
   "/repos/{owner}/{repo}/pulls/{index}/files", "/repos/{owner}/{repo}/pulls/{index}/reviews", "/repos/{owner}/{repo}/branches",
   "/repos/{owner}/{repo}/branches/{branch}", "/repos/{owner}/{repo}/collaborators",
   "/repos/{owner}/{repo}/commits/{ref}/status", "/repos/{owner}/{repo}/commits/{ref}/statuses",
   "/repos/{owner}/{repo}/statuses/{sha}" ]
  | map({(.): {get: {responses: {"200": {schema: ($all.paths[.].get.responses["200"] | answer | .schema | bare)}}}}})
  | add) as $paths
| def needed: . as $found | (. + (map($all.definitions[.] | bare | names[]))) | unique | if . == $found then . else needed end;
{swagger, info: (.info | {title, version, license}), basePath, paths: $paths,
 definitions: ($paths | names | unique | needed | map({(.): ($all.definitions[.] | bare)}) | add)}
