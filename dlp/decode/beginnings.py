"""
What vendors' keys begin with, for those who undo what has no key: ciphers, orders, the
steps from byte to byte.

The rules own these facts; `tests/decode/test_beginnings.py` holds this table to them.
Why not asked of the rules: nothing that decodes depends on what is looked for in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

USUAL = (
    "sk-ant-", "sk-proj-", "sk-or-v1-", "sk_live_", "rk_live_", "sk_test_", "whsec_",
    "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "gldt-", "glrt-",
    "xoxb-", "xoxp-", "xapp-", "AKIA", "ASIA", "AIza", "ya29.", "GOCSPX-", "npm_",
    "pypi-AgE", "dop_v1_", "hvs.CAES", "shpat_", "shpss_", "hf_", "gsk_",
    "pplx-", "r8_", "SG.", "xai-", "lin_api_", "secret_", "ntn_", "figd_", "dckr_pat_",
    "eyJhbGciOi", "-----BEGIN", "postgres://", "mongodb+srv://", "AGE-SECRET-KEY-",
)  # fmt: skip
"""Of the vendors most agents have keys of: undone in every way there is."""
_MORE = """
    0201036c6e64 0x4AAAAAA 1//0 302e020100300506032b657004220420 4/0A 4b1d 5Aep861
    aact_hmlg aact_prod aact_YTU5 ABIA ABSK ACCA access-development-
    access-production- access-sandbox- access_token$production$
    access_token$sandbox$ acct_sk1 acct_skh1 acct_xsk1 addr_sk1 addr_skh1 addr_xsk1
    AgEDbG5k AIK_CI_ AIK_CLIENT_ AIK_SECRET_ aio_ aivenv1 ajkey_ ak_live_
    ak_test_ aka_ akab- AKCp AKID AKLT akp_ aks_ alcht_ amzn.mws. amzn1.oa2-cs.v1.
    aph0_ api- api_ apify_api_ apik_ apk_ app_ APP_USR- APrivateKey1 AQ.A AQVN arc_
    asat_ AstraCS: ATATT3xFfGF0 ATBB ATCLT ATCTT3xFfGN0 ATOA atsk_ ATSTT ATTA Atza|
    Atzr| authress_ auto_ AVNS_ b10ck5. bb_live_ BBFF- BBUS- bce-v3/ALTAK-
    bedrock-api-key- bitpat_ bitwat_ bkaa_ bkaj_ bkar_ bkat_ bkct_ bkpat_ bkpt_
    bkua_ bpk- bxt_ CAIS cal_ cbkey_ cc_cold_sk1 cc_cold_skh1 cc_cold_xsk1
    cc_hot_sk1 cc_hot_skh1 cc_hot_xsk1 CCDB1_ CCIPAT_ CCIPRJ_ cfat_ cfk_ cflt CFPAT-
    cfsk_ma_prod_ cfsk_ma_test_ cft_ cfut_ cfxk_ chpt_ cli- CLOJARS_ cmVmdGtuOj
    cnvca con- configcat-sdk- console- cosmo_ cpk_ cqt_r cqt_w creem_ crsr_ csa_ csb_v1_
    csk- cta_ cto_ ctp_ ctx7sk- CW-SECRET- cxth_ cxtp_ cxup_ da2- dapi dbtc_ dbtu_
    dckr_oat_ ddapi_ ddapp_ ddo_ ddp_ ddpat_ ddsat_ ddw_ depot_org_ depot_project_
    depot_user_ dG9r dkea dls_ dnkey- dnsimple_a_ dnsimple_u_ doau doo_v1_ dor_v1_
    dose dp.audit. dp.ct. dp.pt. dp.sa. dp.scim. dp.st. drep_sk1 drep_skh1 drep_xsk1
    dtn_ duffel_live_ duffel_test_ dvc_client_ dvc_mobile_ dvc_server_ dyn_ EAAA
    ed25519 edbt edsk ek_live_ ek_test_ endr+ esecret_ eu1. ext_
    eyJ0eXAiOiAiVENWMiJ9. eyJ2MiI6I eyJhIjoi eyJrIjoi eyJwYXlsb2FkIjoi EZAK EZTK
    fastgpt- figo_ figoh_ figor_ figu_ figuh_ figur_ fio-u- flb_live_ flb_test_ flp_
    FLWPUBK FLWSECK fnAC fnAD fnAE fnAF fo1_ FPSX FQoDYXdz FQoGZXIvYXdz fsq3
    FwoGZXIvYXdz gb_api_ gitpod_pat_ glagent- glc_ glcbt- glffct- glft- glhf_ glimt-
    gloas- glptt- glrtr- glsa_ glsoat- glwt- GOOG GR1348941 hawk. hbp_ hbu_ hcaik_
    hcalk_ hcamk_ hcbik_ hcblk_ hcbmk_ hcr_ hcw_ hcxik_ hcxlk_ hcxmk_ hl_sk_ HRKU-
    hvb. hvr. hvs. hxtp_ hxtw_ ico- IGAA IGQV IGQW IKID ion_ ipfs IQoJb3JpZ2lu isat_
    IST.eyJ JDC_ jina_ jsrd_ jsrp_ key- key_ KGAT_ kpat_ kubeconfig-u land_sk_
    ldpat_ lin_oauth_ lin_wh_ lio_ lip_ live_ LIVE_API_KEY: LIVE_CLIENT_KEY: llx-
    lma_ lmb_ LS0tLS1 ls__ lsv2_pt_ lsv2_sk_ lsxs_pt_ LTAI luma- mainnet mct_
    mdb_sa_sk_ mercury_production_cma_ mercury_production_rma_
    mercury_production_wma_ mergify_application_key_ mfa. mint_ mlsn. mob- morph_
    msy_ mxb_ mzp_ na1. napi_ nbp_ nbwt ncp_iam_BP nfb_ nfc_ nfo_ nfp_ nft_ nfu_
    npg_ NpmApiKey. NpmToken. NRAA- NRAK- NRBR- NRII- NRIQ- NRJS- NRMA- NRRA- NRSP-
    nsec1 NuGetApiKey. NuGetToken. nvapi- nyk_v0_ oak_ ops_eyJ ory_ac_ ory_apikey_
    ory_at_ ory_pat_ ory_rt_ ory_st_ ory_wak_ os_v2_app_ os_v2_org_ ovsxat_ ovsxp_
    p.eyJ p2sk p8e- packagist_ort_ packagist_orw_ packagist_out_ packagist_ouw_
    packagist_urt_ packagist_urw_ packagist_uut_ packagist_uuw_ pat-ap pat-eu
    pat-lw- pat-na pat. pat_ payment_sk1 payment_skh1 payment_xsk1 pcsk_ pdl_live_
    pdl_ntfset_ pdl_sdbx_ persona_production_ persona_sandbox_ pha_ phc_ phr_ phs_
    pht_ phx_ pim_ pina_ pinc_ pinr_ pint_ pk-helicone- pk1_ pk_prod_ pk_test_
    plainApiKey_ PMAK- PMAT- pnb_ pnu_ polar_at_ polar_ci_sub_ polar_cs_ polar_oat_
    polar_pat_ polar_refresh_ polar_rt_o_ polar_rt_u_ polar_whs_ PRD- preprod
    preview prf_ private_ privy_app_secret_ prv_prod_ prv_stagint_ prv_test_
    pscale_app_ pscale_oauth_ pscale_pw_ pscale_tkn_ pt_secret_ ptk_c ptr_ pts_
    pub-c- pul- PVT_K1_ PVT_R1_ PVT_WA_ px-api- px-dep- pylf_v ramp_sec_ rdme_ rel-
    res_ retool_ RGAPI- rnd_ root_sk1 root_skh1 root_xsk1 rootly_ rpa_ rqsty-sk-
    rsk_ rubygems_ s-s4t2af- s-s4t2ud- samsara_api_ sat. sb_secret_ sbp_ SBX-
    scauth_ scp-live- scp-test- sdbst_h256_ sdk- seam_ sec-c- secp256k1-priv-0x
    secret- ser. services/T sess- sgamp_team_ sgamp_user_ sgd_ sgp_ sha256~
    shippo_live_ shippo_test_ shltm_ shpca_ shppa_ shprt_ shpsb_ shptka_ shpua_
    signkey-branch- signkey-dev- signkey-prod- signkey-test- sk- sk1_ sk_car_
    sk_dev_ sk_prod_ sk_production_ sk_staging_ skey_ sktsec_ slk_ sm_aat_ sm_pat_
    sm_sat_ sn4_ sntrya_ sntryi_ sntryr_ sntrys_eyJ sntryu_ snyk_pat. snyk_sat.
    snyk_uat. spat_ spsk sqa_ sqb_ sqp_ squ_ stake_sk1 stake_skh1 stake_xsk1 ste-
    STS. sub-c- suiprivkey1 supernotes_sk- SWMKEY-1- SWMTKN-1- syr_ syt_ test_
    TEST_API_KEY: TEST_CLIENT_KEY: testnet tfp_ tgp_v1_ tgpak_ tgpat_ THAA THQV
    tk-us- tly- tnt_ token tprv tpuf_ tr_dev_ tr_pat_ tr_preview_ tr_prod_ tr_stg_
    triggers/T tsk_ tskey- tss_ tvly- u-s4t2af- u-s4t2ud- uak_ ucat_ uf_live_admin_
    uf_test_admin_ unkey_ uprv v1.0- v1.Ck v1.Cm v^1.1#i^1# vat_ vca_ vci_ vck_ vcp_
    vcr_ vcs_ vercel_blob_rw_ VF.DM. VF.WS. viper vk-lw- vk1.a. vmw_ vprv vtwn_
    waka_ wandb_v1_ web_ workflows/T WPL_AP0. WPL_AP1. wrkau- wrkaus- wrkeu- wrkjp-
    wrkprv- wrksg- wrkus- xau_ xkeysib- xnd_development_ xnd_production_ xoxa xoxc-
    xoxd- xoxe xoxo xoxp xoxr xoxs xprv xsmtpsib- xwfp- ydc-sk- yprv z_eyJ zk_dev_
    zk_prod_ zpka_ zprv zqt_ zut_ zwt_
"""
BEGINNINGS = (*USUAL, *_MORE.split())
"""Of all; undone in the ways everybody knows."""


_ARMOUR = "-----BEGIN"
ARMOUR = _ARMOUR.encode()


def _either(words: list[str]) -> str:
    """An expression for any of some words; what several begin with is tried once."""
    by_first: dict[str, list[str]] = {}
    for word in words:
        by_first.setdefault(word[:1], []).append(word[1:])
    if "" in by_first:
        return ""  # the shorter word is enough
    branches = [re.escape(first) + _either(by_first[first]) for first in by_first]
    return f"(?:{'|'.join(branches)})"


_WORD_END = "(?:ta|ri|di|de|ma|la)sk_test_"
ENDS_WORD = re.compile(_WORD_END.encode())
"""Where a beginning is the end of an English word: `task_test_...` is somebody's id. Of
test keys only: `task_live_...` may hide one that does harm."""


def key_of(words: Iterable[str]) -> re.Pattern[bytes]:
    """One of these beginnings of a key, and enough of it."""
    those = list(words)
    key = rf"{_either(those)}(?<!{_WORD_END})[0-9A-Za-z+/=_.:@\-]{{12}}"
    if _ARMOUR in those:
        key += rf"|{_ARMOUR} [A-Z0-9 ]{{0,24}}PRIVATE KEY"
    return re.compile(f"(?:{key})".encode())


KEY = key_of(BEGINNINGS)

_SIZED = """
    A[KS]IA[A-Z2-7]{16} gh[oprsu]_[0-9A-Za-z]{36} npm_[0-9A-Za-z]{36}
    (?<!NTE5AAA)AIza[0-9A-Za-z_-]{35} glpat-[0-9A-Za-z_-]{20} [sr]k_live_[0-9A-Za-z]{24}
    xoxb-[0-9]{10,13}-[0-9]{10,13}-[0-9A-Za-z]{24} hf_[0-9A-Za-z]{34}
    sk-ant-api03-[0-9A-Za-z_-]{93}AA SG[.][0-9A-Za-z_-]{22}[.][0-9A-Za-z_-]{43}
"""
SIZED = re.compile("|".join(_SIZED.split()).encode())
"""
Usual keys that are always as long: what goes on behind one is no part of it. One public
key of SSH in four thousand goes on with `za` behind its type.
"""

BLANK = re.compile(
    rb"(?<![0-9A-Za-z_.-])[A-Za-z][0-9A-Za-z]{0,11}(?:[-_.][0-9A-Za-z]{1,8}){0,3}[-_.]"
    rb"(?:([0-9A-Za-z*])\1{4,}+|\.{3})(?![0-9A-Za-z+/_-])"
)
"""What shows a key's beginning and no more of it: `ghp_xxxxxxxx`, `sk-...`. Nothing on
the next lines goes on with it; without it they are no key of that shape anyway."""
