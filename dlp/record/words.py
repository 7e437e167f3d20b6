"""
The closed vocabularies of `mask`: names that say where something stood.

Keys are common names of fields, headers and path segments of public HTTP APIs. A key
that is missing here costs a `{}` in a record; a key that is random could be a secret.
"""

from __future__ import annotations

_STEP_WORDS = """
    host target method header headers body trailer trailers frame name value text
    url uri path query fragment cookie cookies form field multipart part preamble
    epilogue filename raw percent html entity entities unescape escape escapes json
    jsonl ndjson rpc graphql sse xml yaml csv toml grpc protobuf proto message
    msgpack cbor data dataurl data-url gzip deflate zlib br brotli zstd compress
    lzma xz bz2 bzip2 lz4 snappy zip tar gunzip member comment extra pdf git pkt
    pkt-line pack packfile object objects ooxml jar wheel base64 base64url base32
    base32hex base16 base58 base62 base85 base45 base91 ascii85 a85 b85 z85 hex
    octal decimal binary unicode utf-8 utf-16 utf-32 utf-7 utf-16le utf-16be
    utf-32le utf-32be utf8 utf16 utf32 utf7 utf16le utf16be utf32le utf32be latin1
    quoted-printable qp mime mime-word encoded-word uuencode uu yenc rot13 rot47
    reverse reversed morse array numbers ints chars nfkc fold folded folding
    casefold confusable confusables zero-width strip stripped separators whitespace
    tags tag variation join joined joins leaves keys values key json-keys
    json-leaves document order sorted trailing string strings escaped unescaped
    backslash bytes chunk chunks concat concatenated websocket dns label labels
    basic bearer ebcdic floats by literals one-byte cipher other alphabet spelled out
    ungrouped unwrapped hexdump css words names delta packed continued latin-1 code
    points drawn picked keyboard swapped case turned unmasked keyed reckoned lzip
    filters decrypted blocks rtf two ciphers blanks cells
"""
_KEY_WORDS = """
    a accept accept-encoding accept-language access_token account accounts action
    actions agent agents api api-key api_key apikey app apps args arguments array
    assets assistant attachments attributes auth authorization author authors avatar
    base64 batch batches beta blob blobs body bot branch branches build builds cache
    cache-control cache_control call call_id calls cat channel channels chat choices
    cipher client client_id client_secret code collection collections command
    commands comment comments commit commits completion completions config
    configuration connection content content-disposition content-encoding
    content-language content-length content-type content_block contents context
    context_management cookie count count_tokens create created created_at
    credential credentials data dataset datasets date deltas delete delta deployment
    deployments description detail details diff digest discussions display_name
    document documents download edit email embedding embeddings encoding endpoint
    engine engines entries entry env environment error errors etag event events exec
    execute expect export expires extra field fields file file_data file_id filename
    files filter filters finish forks form format from function function_call
    functions generate generatecontent generations gist gists git git-receive-pack
    git-upload-pack graphql group groups head header headers health history host
    hosts hook hooks html http https id ids image image_url images import inference
    info info/refs inline_data input input_text inputs instructions issue issues
    items job jobs json jsonrpc key keys kind label labels lang language latest
    level limit link links list lists location log login logout logs main max_tokens
    media media_type message messages meta metadata method mime_type mode model
    models modified name names namespace nodes none notes null object objects offset
    ok openai operation operationname operations options order org organization
    organizations orgs origin output output_text outputs owner package packages page
    pages params parameters parent part partial parts password patch path payload
    permissions ping post preferences private project projects prompt prompts
    properties proxy-authorization public pull pulls put query queries question
    questions range raw read reason reasoning record records ref referer reference
    references refresh_token refs region release releases rerank replies repo repos
    repositories repository request requests resource resources response responses
    result results retry role root rows rpc run runs schema scope scopes score
    search secret secrets seed select self sendmessage senddocument getupdates
    server service services session sessions set settings sha signature simple size
    snippet snippets source sources sql src state status stream stream_options
    streamgeneratecontent subject subscribe summary system tag tags target task
    tasks team teams temperature template templates text thinking thread threads
    time timeout timestamp title token tokens tool tool_call tool_calls tool_choice
    tool_result tool_use tool_use_id tools top_p topic topics trace transcriptions
    translations tree trees type types update updated updated_at upload uploads url
    urls usage user user-agent user_id username users v1 v1alpha v1beta v2 v3 v4
    value values variables vector vectors version versions view web webhook webhooks
    wiki workflow workflows workspace workspaces write x-amz-date
    x-amz-security-token x-api-key x-auth-token x-csrf-token x-forwarded-for
    x-goog-api-key accept-charset dnt pragma te
    transfer-encoding upgrade npmjs jsdelivr unpkg mozilla x-request-id
    x-requested-with xml
"""

STEPS = frozenset(_STEP_WORDS.split())
KEYS = frozenset(_KEY_WORDS.split())
