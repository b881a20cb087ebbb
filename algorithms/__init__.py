"""``ALGORITHMS``: the table of contents."""

from .classification.aggregatebyparcel import AggregateByParcel
from .classification.applyclassifier import ApplyClassifier
from .classification.assessaccuracy import AssessAccuracy
from .classification.classifycrops import ClassifyCrops
from .classification.cropmask import CropMask
from .classification.cropmaskfromreference import CropMaskFromReference
from .classification.croptype import CropType
from .classification.smoothclassification import SmoothClassification
from .classification.trainclassifier import TrainClassifier
from .insitu.filterbyarea import FilterByArea
from .insitu.innerbuffer import InnerBuffer
from .insitu.prepareinsitu import PrepareInsitu
from .insitu.splitinsitu import SplitInsitu
from .seaice.classifyseaice import ClassifySeaIce
from .seaice.glcmtextures import GlcmTextures
from .seaice.prepareicecharts import PrepareIceCharts
from .sentinel1.preprocesssentinel1 import PreprocessSentinel1
from .sentinel2.preprocesssentinel2 import PreprocessSentinel2
from .sentinel2.sentinel2timeseries import Sentinel2TimeSeries
from .tools.createsampledata import CreateSampleData

ALGORITHMS = (
    InnerBuffer,
    FilterByArea,
    PrepareInsitu,
    SplitInsitu,
    PreprocessSentinel2,
    Sentinel2TimeSeries,
    PreprocessSentinel1,
    ClassifyCrops,
    TrainClassifier,
    ApplyClassifier,
    AggregateByParcel,
    SmoothClassification,
    CropMask,
    CropMaskFromReference,
    CropType,
    AssessAccuracy,
    PrepareIceCharts,
    GlcmTextures,
    ClassifySeaIce,
    CreateSampleData,
)
