"""Proposals for new findings, with reasons."""

import csv
import io
import math

import numpy as np
import pytest

from MedProcLib.core.errors import InputError
from MedProcLib.quantification.classification.applicability import learn_applicability
from MedProcLib.quantification.classification.findings import FeatureColumn
from MedProcLib.quantification.classification.linear import Linear
from MedProcLib.quantification.classification.model import Model
from MedProcLib.quantification.classification.nearest import Nearest
from MedProcLib.quantification.classification.prediction import predict, predict_table, predictions_csv
from MedProcLib.quantification.classification.table import table_of

TRAIN = np.random.default_rng(0).normal(size=(80, 2))
LINEAR = Linear(np.array([[2.0, -1.0]]), np.array([0.0]))


def model_of(classifier=LINEAR, threshold=0.5):
    features = (FeatureColumn("size_mm", "mm"), FeatureColumn("mean"))
    limits = learn_applicability((TRAIN - TRAIN.mean(axis=0)) / TRAIN.std(axis=0))
    middles = np.array([10.0, 50.0]), np.array([10.0, 50.0]), np.array([2.0, 5.0])
    return Model("kind", ("benign", "malignant"), features, *middles, classifier, limits, threshold)


def test_a_proposal_with_its_reasons():
    (found,) = predict(model_of(), np.array([[12.0, 50.0]]))
    assert found.called == "malignant" and found.status == "proposed" and found.inside
    assert found.probabilities[1] == pytest.approx(1 / (1 + math.exp(-2)))
    assert [(r.feature, r.value, r.added) for r in found.reasons] == [("size_mm", 12.0, pytest.approx(2.0))]
    assert found.told("log odds") == "size_mm 12 (+2 log odds)"


def test_many_findings_at_once():
    values = np.random.default_rng(3).normal((10, 50), (2, 5), (4500, 2))
    found = predict(model_of(), values)
    assert len(found) == 4500 and found[4321] == predict(model_of(), values[4321:4322])[0]


def test_the_threshold_decides():
    values = np.array([[10.0, 50.0]])
    assert [predict(model_of(threshold=t), values)[0].called for t in (0.4, 0.6)] == ["malignant", "benign"]


def test_what_is_missing_is_told_and_stands_at_the_median():
    (found,) = predict(model_of(), np.array([[np.nan, 45.0]]))
    assert found.imputed == ("size_mm",) and found.probabilities[1] == pytest.approx(1 / (1 + math.exp(-1)))
    assert found.reasons[0].feature == "mean"


def test_unlike_the_training_data():
    (found,) = predict(model_of(), np.array([[30.0, 50.0]]))
    assert not found.inside and found.outside_features == ("size_mm",) and found.distance > 1


def test_cases_that_are_alike():
    nearest = Nearest(TRAIN, (TRAIN[:, 0] > 0).astype(int), 2, 5)
    (found,) = predict(model_of(nearest), TRAIN[7:8] * [2, 5] + [10, 50])
    case, kind, distance = found.neighbors[0]
    assert case == 7 and kind == found.called and distance == pytest.approx(0, abs=1e-12) and not found.reasons


def test_columns_that_are_missing_are_named():
    with pytest.raises(InputError, match="lacks columns that the model needs: size_mm, mean"):
        predict_table(model_of(), table_of("id,volume\n1,2\n"))
    with pytest.raises(InputError, match="'mean', finding 1"):
        predict_table(model_of(), table_of("size_mm,mean\n1,high\n"))
    with pytest.raises(InputError, match="2 features"):
        predict(model_of(), np.zeros((3, 5)))


def test_another_unit_is_refused():
    long = "id,tag,value,unit\nA,size_mm,1,cm\nA,mean,2,\n"
    with pytest.raises(InputError, match="in cm here and in mm"):
        predict_table(model_of(), table_of(long))


def test_the_table_cannot_run_formulas():
    table = table_of("id,mean,size_mm\n=cmd|' /C calc'!A0,50,12\n@SUM(A1),,9\n")
    text = predictions_csv(model_of(), table, predict_table(model_of(), table))
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [line["id"][0] for line in lines] == ["'", "'"]
    assert lines[0]["predicted"] == "malignant" and lines[1]["missing_features"] == "mean"
    assert [line["learned_from"] for line in lines] == ["", ""]  # this model does not say
    assert float(lines[0]["probability_malignant"]) + float(lines[0]["probability_benign"]) == pytest.approx(1)
    assert all(cell[:1] not in "=@" for line in lines for cell in line.values() if cell)


def test_predictions_of_predictions_replace_them():
    table = table_of("id,mean,size_mm,predicted,status,probability_benign\n1,50,12,old,old,9\n")
    text = predictions_csv(model_of(), table, predict_table(model_of(), table))
    header = next(csv.reader(io.StringIO(text)))
    assert len(header) == len(set(header)) and "old" not in text


def test_the_proposal_stands_between_what_names_a_finding_and_its_figures():
    table = table_of("id,mean,size_mm,other,side\nA,50,12,1,left\nB,20,9,2.5,right\n")
    text = predictions_csv(model_of(), table, predict_table(model_of(), table))
    header, *lines = list(csv.reader(io.StringIO(text)))
    assert header[:3] == ["id", "side", "predicted"] and header[-3:] == ["mean", "size_mm", "other"]
    assert [line[-3:] for line in lines] == [["50", "12", "1"], ["20", "9", "2.5"]]
