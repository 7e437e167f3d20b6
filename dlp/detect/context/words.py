"""
Ordinary words of English and of code, three letters and more, written for this project.

`not-words` counts them inside a candidate, the bigram model learns from them, and
sample templates draw from them. A data module, so that none of the three owns it.
"""

from __future__ import annotations

_TEXT = """
able about above abstract accept access account across action active activity actual
adapter add address admin advance after again agent agree alarm album alert alias align
allow almost alpha already also alternate always amount analysis anchor
angle animal announce another answer any anything app application apply
april archive area argument array article ask assert asset assign assist async attach
attack attempt attribute audio audit august auth author authority auto available average
avoid await away baby back backend background backup bad balance band bank banner
bar base basic batch beach bear beauty because become before begin behavior behind being
believe below best beta better between beyond big bill binary bind birth bit black blank
block blog blue board body book boolean boot border both bottom bounce bound box branch
brand bread break bridge bright bring broken browser bucket budget buffer bug build
builder bulk bundle burn bus business busy button buy byte cache call camera can cancel
candidate canvas capacity capital caption capture car carbon card care carry case cash
cast catalog catch category cause cell center central century certificate chain chair
challenge chance change channel chapter character charge chart chat cheap check chief
child choice choose church circle citizen city class clean clear click client climate
clock clone close cloud club cluster coach coast code coffee cold collect collection
color column come comma command comment commit common community company compare compile
complete component compute computer concept config configuration confirm conflict
connect connection consider console constant construct consumer contact contain content
context continue contract control convert cookie cool copy core corner correct cost
could count counter country couple course court cover crash create credential credit
critical cross crowd crypto culture current cursor custom customer cut cycle daily
damage dance danger dark dashboard data database date day dead deal debug decide decimal
decision deck declare decode deep default define degree delay delete deliver demand demo
deny depend deploy depth describe description design desk desktop detail detect develop
device dialog dictionary diff difference digest digital dinner direct direction
directory disable discount discuss disk dispatch display distance distribute
doctor document does dog dollar domain done door double down download draft drag draw
dream drink drive driver drop dry dummy duplicate duration during dynamic each early
earth east easy echo edge edit editor education effect effort either elastic election
electric element else email embed empty enable encode encrypt end endpoint energy engine
english enjoy enough ensure enter enterprise entity entry enum environment episode equal
error escape event ever every exact example except exception exchange exclude execute
exist exit expand expect expensive expert expire explain export expose express extend
extension extern extra extract face fact factory fail failure fake fall false
family famous far farm fast fatal father feature federal feed feel fetch few field fight
figure file fill filter final find fine finger finish fire first fish fit five
fix flag flash flat flight float floor flow flower focus folder follow font food foot
for force foreign forest forget form format former forward found four frame framework
free frequency fresh friday friend from front fruit full function fund future gain game
garden gas gate gateway general generate get ghost gift girl git give glass
global goal gold good grand grant graph graphic gray great green grid ground
group grow growth guard guess guest guide hair half hall hand handle handler happen
happy hard hash have head header health hear heart heat heavy height hello help here
hidden hide high hill history hit hold holiday home hook hope horizon horse hospital
host hot hotel hour house how html http huge human hundred husband icon idea identity
idle ignore image impact implement import important improve include income increase
index industry info initial inject inline inner input insert inside inspect install
instance instead institute integer integration intent interest interface internal
internet interval invalid invite invoice invoke island issue item iterate january java
job join journal json judge july jump june just keep kernel key keyboard keyword kill
kind king kitchen label land lang language large laser last late latest
laugh launch law layer layout lazy lead leader league learn least leave left legacy
legal length less lesson let letter level library license life light like limit line
linear link list listen literal little live load loader local location lock
log logger logic login logo long look loop lose loss lost love low lower lunch machine
magic mail main major make male manage manager manual map march margin mark market
markdown marriage mask master match material matrix matter max may mean measure media
medical medium meet meeting member memory mention menu merge message meta metal method
metric middle migrate military million mind mine minimum minor minute mirror miss
mission mobile mock mode model modern modify module moment monday money monitor month
moon more morning most mother motion mount mouse move movie much multi music must
mutable mutex name namespace nation native natural nature near need nested network never
new news next nice night node noise none normal north note nothing notice notify novel
november now null number object observe ocean october off offer office offset often oil
old once one online only open operate operation operator option orange order organize
origin other output outside over override owner pack package page paint pair panel paper
parallel parameter parent park parse part partial party pass password past patch path
pattern pause pay payload payment peace pending people percent perfect perform period
permission person phone photo phrase physical pick picture piece pipe pipeline pixel
place placeholder plain plan plane planet plant platform play player please plugin
plus point policy poll pool popular port portal position positive post power practice
prefix prepare present preserve president press pretty prevent preview previous price
primary prime print priority private problem process produce product production profile
program progress project prompt proof property protect protocol provide provider proxy
public publish pull purchase pure purple purpose push put quality quarter query
question queue quick quiet quote race radio rain raise random range rank rapid rate
rather ratio raw react reach read reader ready real reality reason receive recent record
recover red redirect reduce refer reference refresh region register reject
related release remain remember remote remove render repeat replace replica reply
report repository request require reserve reset resolve resource respond response rest
restart restore result resume retry return reveal reverse review revoke rich right ring
risk river road robot rock role roll roman room root rotate round route router row rule
run runner runtime safe sale same sample sand save scale scan scene schedule schema
school science scope score screen script scroll search season seat second secret section
secure security see seed select self sell send senior sense sentence separate sequence
series server service session set setting setup seven shadow shape share sharp sheet
shell ship shop short should show shrink side sign signal signature silver similar
simple since single site size skill skip sleep slice slide slot slow small smart smile
smooth snow social soft software soil solid some song sort sound source south space
spark special speed spend split sport spring square stack staff stage staging standard
star start state statement static station status stay step still stock stone stop
storage store story strange strategy stream street strict string strong struct student
study style subject submit success such suffix sugar suggest suite summer sun sunday
super supply support sure surface switch symbol sync syntax system table tag take talk
target task tax teach team tech template temporary ten tenant term terminal test text
than thank that theme then theory there thing think third this thread three threshold
through throw thunder ticket tiger time timeout timer title today toggle token tomorrow
tool top topic total touch tower town trace track trade traffic train transaction
transfer transform transit translate travel tree trend trial trigger trip true trust try
tunnel turn twelve two type under union unique unit universe unknown unlock
until update upgrade upload upper url usage use user username usual utility valid value
variable vault vector vendor verify version vertical very video view virtual visible
vision visit voice volume wait wake walk wall want war warm warning wash watch water
wave way weak wealth weather web webhook week weight welcome west what wheel when where
which while white whole why wide widget wife wild will wind window winter wire wise wish
with within without woman wonder wood word work worker workflow workspace world worry
worth would wrap write wrong yellow yes yesterday yield you young your zero zone
"""

WORDS: tuple[str, ...] = tuple(_TEXT.split())
