"""A plain logistic regression on our features: what a careful user would write first with scikit-learn."""

from __future__ import annotations

from importlib.metadata import version

from engine.child import run
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from quality.fold import Fold, Predicted, each_fold


def predict(fold: Fold) -> Predicted:
    """Fit it on medians where blank, an indicator of blanks, standardised columns and the default penalty (C = 1)."""
    train, test = fold.features("train"), fold.features("test")
    texts = fold.plain["categories"]
    # A column that is blank throughout tells nothing.
    numbers = [name for name in train.columns if name not in texts and train[name].notna().any()]
    for part in (train, test):
        part[texts] = part[texts].astype(object).where(part[texts].notna(), "none")
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore"), texts),
    )
    model = make_pipeline(columns, LogisticRegression(max_iter=2000))
    model.fit(train, fold.rows("train")["label"])
    return Predicted(model.predict_proba(test)[:, 1], rows=len(train))


if __name__ == "__main__":
    run(each_fold(f"scikit-learn {version('scikit-learn')}", predict))
