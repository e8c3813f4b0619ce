#include "tap.h"
#include "base/json.h"
#include "base/openapi.h"
#include "base/text.h"

#include <apr_strings.h>

#include <string.h>

#define ORIGIN "https://api.example.com"

static json_t *parse(apr_pool_t *p, const char *text)
{
    const char *problem;
    json_t *document = openapi_parse(p, text, strlen(text), &problem);

    ok(document && !problem, "a document: %.60s", problem ? problem : text);
    return document;
}

static void test_parse(apr_pool_t *p)
{
    static const char *const rows[][2] = {
        { "", "not a JSON object; YAML has to be converted" },
        { " \n", "not a JSON object; YAML" },
        { "openapi: 3.1.0\npaths: {}\n", "not a JSON object; YAML" },
        { "# comment\n{}", "not a JSON object; YAML" },
        { "[{'openapi':'3.1.0','paths':{}}]", "not a JSON object; YAML" },
        { "\xef\xbb\xbf{'openapi':'3.1.0','paths':{}}", "begins with a byte order mark (BOM)" },
        { "{", "line 1, column 1 is not JSON" },
        { "{'\xdd\x9f\xdd\x8d\\\xdd\x8d\x8d", "line 1, column 6 is not JSON" },
        { "{\n  'openapi': '3.1.0',\n  'paths': {},\n}", "line 4, column 1 is not JSON" },
        { "{'openapi':'3.1.0',\n'paths':{'/a':{},\n'/a':{}}}", "line 3, column 4 is not JSON: duplicate object key" },
        { "{'openapi':'3.1.0','paths':{}} x", "line 1, column 32 is not JSON" },
        { "{'swagger':'2.0','paths':{}}", "version 3.0 or 3.1" },
        { "{'openapi':'2.0.0','paths':{}}", "version 3.0 or 3.1" },
        { "{'openapi':3.1,'paths':{}}", "version 3.0 or 3.1" },
        { "{'openapi':'3.10.0','paths':{}}", "version 3.0 or 3.1" },
        { "{'openapi':'3.1.0'}", "no paths object" },
        { "{'openapi':'3.1.0','paths':[]}", "no paths object" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *text = quoted(p, rows[i][0]), *problem = NULL;
        int is_refused = !openapi_parse(p, text, strlen(text), &problem);

        ok(is_refused && problem && strstr(problem, rows[i][1]), "refusal %d: %s", (int)i, problem ? problem : "none");
        ok(!problem || utf8_valid(problem, strlen(problem)), "... in UTF-8");
    }
    parse(p, quoted(p, "\n {'openapi':'3.0.3','paths':{}}\n"));
    parse(p, quoted(p, "{'openapi':'3.1.1','paths':{}}"));
}

/* The sentences about one operation, or about a whole document that begins with a brace; one a line. */
static const char *review(apr_pool_t *p, const char *text)
{
    const char *sentences = "";
    json_t *document;
    apr_array_header_t *findings;

    /* Of no interest where the rest of a document is. */
    static const char empty[] = "paths: there is no operation";

    if (*text != '{') {
        text = apr_pstrcat(p, "{'openapi':'3.1.0','paths':{'/a':{'get':{'operationId':'a',", text, "}}}}", NULL);
    }
    document = parse(p, quoted(p, text));
    findings = openapi_review(p, document, strlen(text), ORIGIN);
    for (int i = 0; i < findings->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(findings, i, const char *), empty) != 0) {
            sentences = apr_pstrcat(p, sentences, *sentences ? "\n" : "", APR_ARRAY_IDX(findings, i, const char *), NULL);
        }
    }
    return sentences;
}

static const char *letters(apr_pool_t *p, int count, const char *letter)
{
    const char *text = "";

    while (count-- > 0) {
        text = apr_pstrcat(p, text, letter, NULL);
    }
    return text;
}

static void test_operations(apr_pool_t *p)
{
    const char *found;

    is_str(review(p, "'summary':'A'"), "", "a good operation");
    is_str(review(p, apr_pstrcat(p, "'summary':'", letters(p, 300, "\xc3\xb6"), "','description':'", letters(p, 300, "x"), "'",
                                 NULL)),
           "", "300 characters, whatever their bytes");
    found = review(
        p, apr_pstrcat(p, "'summary':'", letters(p, 301, "x"), "','description':'", letters(p, 312, "\xc3\xb6"), "'", NULL));
    is_str(found,
           "GET /a (a): its summary has 301 characters, and the GPT builder accepts 300\n"
           "GET /a (a): its description has 312 characters, and the GPT builder accepts 300",
           "longer texts");
    found = review(p, "{'openapi':'3.1.0','paths':{'/a':{'get':{},'post':{'operationId':'x'}},'/b':{'patch':{'operationId':'x'},"
                      "'put':{'operationId':''},'parameters':[{'$ref':'#/x'}]}}}");
    ok(strstr(found, "GET /a: there is no operationId"), "no operationId");
    ok(strstr(found, "PUT /b (): there is no operationId"), "an empty one");
    ok(strstr(found, "PATCH /b (x): the operationId is that of POST /a (x) too"), "one twice");
    ok(strstr(found, "/b: parameter 1 is a $ref"), "a $ref among the parameters of a path");
    found = review(p, "{'openapi':'3.0.3','paths':{'/a':{'head':{},'options':{},'trace':{},'get':{'operationId':'a'}}}}");
    is_str(found,
           "openapi: version 3.0.3, and the GPT builder accepts only 3.1.0 and 3.1.1; convert the document, as more differs than "
           "the number (nullable: true becomes type: [..., \"null\"])\n"
           "/a: the GPT builder leaves OPTIONS out\n/a: the GPT builder leaves HEAD out\n/a: the GPT builder leaves TRACE out",
           "version 3.0, and methods that no GPT uses");
    is_str(review(p, "{'openapi':'3.1.1','paths':{}}"), "", "version 3.1.1");
    ok(strstr(review(p, "{'openapi':'3.1.2','paths':{}}"), "openapi: version 3.1.2"), "version 3.1.2");
    found = review(p, apr_psprintf(p,
                                   "{'openapi':'3.1.0','paths':{'/a':{'get':{'operationId':'%s'},'put':{'operationId':'%s'},"
                                   "'post':{'operationId':'a.b'}}}}",
                                   letters(p, 64, "x"), letters(p, 65, "y")));
    ok(!strstr(found, "GET /a") && strstr(found, "PUT /a (yyy") &&
           strstr(found, "POST /a (a.b): the GPT builder accepts letters"),
       "operationIds that are too long, or hold other characters: %s", found);
}

static void test_parameters(apr_pool_t *p)
{
    const char *text = apr_pstrcat(p, "'parameters':[{'name':'q','in':'query','description':'", letters(p, 700, "x"),
                                   "'},{'name':'r','in':'query','description':'", letters(p, 701, "x"),
                                   "'},{'$ref':'#/components/parameters/s'},{'in':'query'},"
                                   "{'name':'o','in':'query','schema':{'type':'object'}}]",
                                   NULL);

    is_str(review(p, text),
           "GET /a (a), parameter r: its description has 701 characters, and the GPT builder accepts 700\n"
           "GET /a (a): parameter 3 is a $ref, which the GPT builder leaves out; write the parameter itself\n"
           "GET /a (a): parameter 4 has no name, and the GPT builder leaves it out\n"
           "GET /a (a), parameter o: an object schema without properties, which the GPT builder refuses; name what is in it",
           "parameters");
    is_str(review(p, "'parameters':[{'name':'h','in':'header'},{'name':'c','in':'cookie'}]"),
           "GET /a (a), parameter h: it is sent as a header, and the GPT builder leaves such parameters out\n"
           "GET /a (a), parameter c: it is sent as a cookie, and the GPT builder leaves such parameters out",
           "parameters outside of the URL");
    is_str(review(p, "'parameters':[{'name':'q','in':'query'},{'name':'q','in':'path'}]"),
           "GET /a (a): there are two parameters q, and a GPT knows them only by their names", "one name twice");
    is_str(review(p, "'parameters':[{'name':'q','in':'query'},{'name':'q','in':'query'}]"),
           "GET /a (a): there are two parameters q, and a GPT knows them only by their names", "... in one place");
    is_str(review(p, "{'openapi':'3.1.0','paths':{'/a/{q}':{'parameters':[{'name':'q','in':'path'}],"
                     "'get':{'operationId':'a','parameters':[{'name':'q','in':'path'}]},"
                     "'put':{'operationId':'b','parameters':[{'name':'q','in':'query'}]}}}}"),
           "PUT /a/{q} (b): there are two parameters q, and a GPT knows them only by their names",
           "an operation may say anew what a parameter of its path is");
}

static void test_schemas(apr_pool_t *p)
{
    static const char tail[] = ": an object schema without properties, which the GPT builder refuses; name what is in it";
    static const char *const good[] = {
        "{'type':'object','properties':{}}",
        "{'type':'string'}",
        "{}",
        "{'type':'array','items':{'type':['object','null'],'properties':{'a':{'type':'string'}}}}",
        "{'example':{'type':'object'}}",
        "true",
    };
    static const char *const bad[][2] = {
        { "{'type':'object'}", "" },
        { "{'type':['null','object']}", "" },
        { "{'type':'array','items':{'type':'object'}}", ".items" },
        { "{'properties':{'a':{'properties':{'b':{'type':'object'}}}}}", ".a.b" },
        { "{'allOf':[{'type':'string'},{'type':'object'}]}", ".allOf" },
        { "{'type':'object','properties':{},'additionalProperties':{'type':'object'}}", ".additionalProperties" },
    };
    const char *deep = "{}";

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        is_str(review(p, apr_psprintf(p, "'parameters':[{'name':'q','in':'query','schema':%s}]", good[i])), "", "a good schema");
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        is_str(review(p, apr_psprintf(p, "'parameters':[{'name':'q','in':'query','schema':%s}]", bad[i][0])),
               apr_pstrcat(p, "GET /a (a), parameter q", bad[i][1], tail, NULL), "an object without properties");
    }
    is_str(review(p, "'responses':{'200':{'content':{'text/x':{'schema':{'type':'object'}}}}}"),
           "GET /a (a), response 200: an object schema without properties: the GPT builder accepts it in an answer, but the GPT "
           "learns nothing about what is in it",
           "... in a response: a note");
    is_str(review(p, "{'openapi':'3.1.0','paths':{},'components':{'schemas':{'S':{'type':'object'}},"
                     "'requestBodies':{'B':{'content':{'application/json':{'schema':{'type':'object'}}}}}}}"),
           apr_pstrcat(p, "components.schemas.S", tail, "\ncomponents.requestBodies.B", tail, NULL), "... in the components");
    for (int i = 0; i < 100; i++) {
        deep = apr_pstrcat(p, "{'items':", deep, "}", NULL);
    }
    ok(strstr(review(p, apr_psprintf(p, "'requestBody':{'content':{'application/json':{'schema':%s}}}", deep)),
              "schemas within schemas"),
       "schemas without end");
}

static void test_bodies(apr_pool_t *p)
{
    static const char *const roots[][2] = {
        { "{'oneOf':[{'type':'object','properties':{}}]}", "oneOf" },
        { "{'anyOf':[]}", "anyOf" },
        { "{'type':'array','items':{'type':'string'}}", "an array" },
        { "{'$ref':'#/components/schemas/List'}", "an array" },
        { "{'type':'string'}", "no object" },
        { "{}", "empty" },
        { "true", "empty" },
    };
    static const char *const good[] = {
        "'content':{'application/json':{'schema':{'type':'object','properties':{}}}}",
        "'content':{'application/json; charset=utf-8':{'schema':{'allOf':[{'$ref':'#/components/schemas/Map'}]}}}",
        "'content':{'text/plain':{},'application/json':{'schema':{'$ref':'#/components/schemas/Map'}}}",
        "'$ref':'#/components/requestBodies/Map'",
    };
    static const char document[] =
        "{'openapi':'3.1.0','paths':{'/a':{'post':{'operationId':'a','requestBody':{%s}}}},'components':{'schemas':"
        "{'List':{'type':'array','items':{}},'Map':{'type':'object','properties':{}}},'requestBodies':{'Map':"
        "{'content':{'application/json':{'schema':{'$ref':'#/components/schemas/Map'}}}}}}}";

    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        const char *body = apr_psprintf(p, "'content':{'application/json':{'schema':%s}}", roots[i][0]);

        is_str(
            review(p, apr_psprintf(p, document, body)),
            apr_psprintf(p,
                         "POST /a (a), request body: its schema is %s at its root, and the GPT builder accepts one object with "
                         "properties there",
                         roots[i][1]),
            "a body that is %s", roots[i][1]);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        is_str(review(p, apr_psprintf(p, document, good[i])), "", "a good body");
    }
    is_str(review(p, apr_psprintf(p, document, "'content':{'multipart/form-data':{'schema':{}}}")),
           "POST /a (a), request body: it is not application/json, and the GPT builder accepts nothing else", "a form");
}

static void test_references(apr_pool_t *p)
{
    static const char schemas[] = "{'openapi':'3.1.0','paths':{},'components':{'schemas':{%s}}}";
    const char *chain = "'S0':{}";

    is_str(review(p, "'parameters':[{'name':'q','in':'query','schema':{'$ref':'#/components/schemas/S'}}]"),
           "GET /a (a), parameter q: its $ref #/components/schemas/S points to nothing in this document", "a $ref to nothing");
    is_str(review(p, "'requestBody':{'$ref':'bodies.json#/B'}"),
           "GET /a (a), request body: its $ref bodies.json#/B points to nothing in this document, and the GPT builder "
           "fetches no other",
           "a $ref elsewhere");
    is_str(review(p, apr_psprintf(p, schemas, "'a/b~c':{},'T':{'items':{'$ref':'#/components/schemas/a~1b~0c'}}")), "",
           "a name with / and ~");
    is_str(review(p, apr_psprintf(p, schemas, "'a b':{},'T':{'items':{'$ref':'#/components/schemas/a%20b'}}")), "",
           "a name with a blank");
    is_str(review(p, apr_psprintf(p, schemas, "'N':{'properties':{'next':{'$ref':'#/components/schemas/N'}}}")),
           "components.schemas.N.next: its $ref #/components/schemas/N is circular, which the GPT builder refuses",
           "a schema in itself");
    is_str(review(p, apr_psprintf(
                         p, schemas,
                         "'A':{'items':{'$ref':'#/components/schemas/B'}},'B':{'anyOf':[{'$ref':'#/components/schemas/A'}]}")),
           "components.schemas.A.items.anyOf: its $ref #/components/schemas/A is circular, which the GPT builder refuses",
           "... by way of another");
    is_str(review(p, apr_psprintf(p, schemas, "'A':{'$ref':'#/components/schemas/A'}")),
           "components.schemas.A: its $ref #/components/schemas/A is circular, which the GPT builder refuses", "... at once");
    is_str(review(p, apr_psprintf(p, schemas,
                                  "'A':{},'B':{'allOf':[{'$ref':'#/components/schemas/A'},{'$ref':'#/components/schemas/A'}]}")),
           "", "twice is no circle");
    for (int i = 1; i < 1500; i++) {
        chain = apr_psprintf(p, "%s,'S%d':{'items':{'$ref':'#/components/schemas/S%d'}}", chain, i, i - 1);
    }
    is_str(review(p, apr_psprintf(p, schemas, chain)), "", "a long way is none either");
}

static void test_servers(apr_pool_t *p)
{
    static const struct {
        const char *url, *expected;
    } rows[] = {
        { "https://api.example.com", "" },
        { "https://other.example.com/v1", "" },
        { "https://example.com", "" },
        { "http://localhost:3000", "servers: its server localhost has another root domain than the issuer's api.example.com" },
        { "https://api.example.com:8443",
          "servers: its server https://api.example.com:8443 has a host with capital letters or a port" },
        { "https://API.example.com/v1",
          "servers: its server https://API.example.com/v1 has a host with capital letters or a port" },
        { "https://api.example.org",
          "servers: its server api.example.org has another root domain than the issuer's api.example.com" },
        { "http://api.example.com", "servers: server 1 is not an https URL" },
        { "/v1", "servers: server 1 is not an https URL" },
        { "https://{tenant}.example.com", "servers: server 1 is not an https URL" },
        { "ftp://api.example.com", "servers: server 1 is not an https URL" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *found = review(p, apr_psprintf(p, "{'openapi':'3.1.0','paths':{},'servers':[{'url':'%s'}]}", rows[i].url));

        ok(*rows[i].expected ? strncmp(found, rows[i].expected, strlen(rows[i].expected)) == 0 : !*found, "server %s: %s",
           rows[i].url, found);
    }
    ok(strstr(review(p, "'servers':[{'url':'https://evil.org'}]"), "GET /a (a): its server evil.org has another root"),
       "a server of an operation");
    ok(strstr(review(p, "{'openapi':'3.1.0','paths':{'/b':{'servers':[{}]}}}"), "/b: server 1 is not an https URL"),
       "... and of a path");
}

static void test_limits(apr_pool_t *p)
{
    const char *paths = "";
    json_t *document;

    for (int i = 0; i < 31; i++) {
        if (i == 30) {
            is_str(review(p, apr_pstrcat(p, "{'openapi':'3.1.0','paths':{", paths, "}}", NULL)), "", "30 operations");
        }
        paths = apr_psprintf(p, "%s%s'/p%d':{'get':{'operationId':'o%d'}}", paths, i ? "," : "", i, i);
    }
    is_str(review(p, apr_pstrcat(p, "{'openapi':'3.1.0','paths':{", paths, "}}", NULL)),
           "paths: 31 operations, and the GPT builder accepts 30", "31");
    document = parse(p, quoted(p, "{'openapi':'3.1.0','paths':{}}"));
    ok(openapi_review(p, document, 100000, ORIGIN)->nelts == 1, "no operation at all, in 100,000 characters");
    ok(strstr(APR_ARRAY_IDX(openapi_review(p, document, 100001, ORIGIN), 1, const char *), "100001 characters"), "100,001");
    ok(strstr(APR_ARRAY_IDX(openapi_review(p, document, 1000001, ORIGIN), 1, const char *), "accepts 1 MB"), "more than 1 MB");
    ok(strstr(review(p, "{'openapi':'3.1.0','paths':{},'components':{'securitySchemes':{'a':{},'b':{}}}}"),
              "one security scheme"),
       "two security schemes");
}

/* What becomes of these members of a document: servers, securitySchemes and security, printed. */
static const char *complete(apr_pool_t *p, const char *members, const char *scheme, int *known)
{
    json_t *document =
        parse(p, quoted(p, apr_psprintf(p, "{'openapi':'3.1.0','paths':{'/a':{'get':{'security':[]}}}%s}", members)));
    openapi_security_t security = { .name = "GPTOAuth" };

    security.scheme = json_own(p, json_loads(quoted(p, scheme), 0, NULL));
    security.scopes = json_own(p, json_words(p, "read write"));
    *known = openapi_complete(p, document, ORIGIN, &security);
    is_str(json_print(p, json_object_get(document, "paths")), "{\"/a\":{\"get\":{\"security\":[]}}}",
           "operations stay as they are");
    return json_print(p, json_own(p, json_pack("[O?, O?, O?]", json_object_get(document, "servers"),
                                               json_object_get(json_object_get(document, "components"), "securitySchemes"),
                                               json_object_get(document, "security"))));
}

static void test_complete(apr_pool_t *p)
{
    static const char oauth[] = "{'type':'oauth2','flows':{'authorizationCode':{'tokenUrl':'T'}}}";
    static const char header[] = "{'type':'apiKey','in':'header','name':'X-Key'}", bearer[] = "{'type':'http','scheme':'bearer'}";
    static const struct {
        const char *members, *scheme, *expected;
        int known;
    } rows[] = {
        { "", oauth,
          "[[{'url':'https://api.example.com'}],{'GPTOAuth':{'type':'oauth2','flows':{'authorizationCode':{'tokenUrl':'T'}}}},"
          "[{'GPTOAuth':['read','write']}]]",
          1 },
        { ",'servers':[],'components':{}", bearer,
          "[[{'url':'https://api.example.com'}],{'GPTOAuth':{'type':'http','scheme':'bearer'}},[{'GPTOAuth':['read','write']}]]",
          1 },
        { ",'servers':[{'url':'/'},{'url':'/v1'},{'url':'https://x'}],'security':[]", header,
          "[[{'url':'https://api.example.com'},{'url':'https://api.example.com/v1'},{'url':'https://x'}],"
          "{'GPTOAuth':{'type':'apiKey','in':'header','name':'X-Key'}},[]]",
          1 },
        { ",'components':{'securitySchemes':{'mine':{'type':'oauth2','description':'D','flows':{'implicit':{}}}}},'security':[{'mine':['x']}]",
          oauth,
          "[[{'url':'https://api.example.com'}],{'mine':{'type':'oauth2','description':'D','flows':{'authorizationCode':{'tokenUrl':'T'}}}},"
          "[{'mine':['x']}]]",
          1 },
        { ",'components':{'securitySchemes':{'mine':{'type':'http','scheme':'basic'}}}", bearer,
          "[[{'url':'https://api.example.com'}],{'mine':{'type':'http','scheme':'basic'}},[{'mine':['read','write']}]]", 1 },
        { ",'components':{'securitySchemes':{'mine':{'type':'http','scheme':'basic'}}}", oauth,
          "[[{'url':'https://api.example.com'}],{'mine':{'type':'http','scheme':'basic'}},null]", 0 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int known;

        is_str(complete(p, rows[i].members, rows[i].scheme, &known), quoted(p, rows[i].expected), "completion %d", (int)i);
        ok(known == rows[i].known, "... uses its scheme: %d", rows[i].known);
    }
}

void test_openapi(apr_pool_t *p)
{
    test_parse(p);
    test_operations(p);
    test_parameters(p);
    test_schemas(p);
    test_bodies(p);
    test_references(p);
    test_servers(p);
    test_limits(p);
    test_complete(p);
}
